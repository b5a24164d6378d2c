// Two real gateways pair over loopback: one that has an identity, and one that has none yet.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { MAX_PAIR_DATA_BYTES, type OfferAddress } from '../../../dist/core/control/pairing.js';
import { GatewayError } from '../../../dist/index.js';
import { createEnv } from '../../kit/env.js';
import { startGateway, type TestGateway } from '../../kit/gateway.js';
import { beginJoin, CODE, openOffer, throwAway, untilPair, WRONG_CODE } from '../../kit/pairing.js';
import { createTestPki, selfSignedLeaf } from '../../kit/pki.js';

const pki = createTestPki();
const LOOPBACK = { on: 'loopback' };

async function startPair(t: TestContext): Promise<{ offerer: TestGateway; joiner: TestGateway }> {
  const [offerer, joiner] = await Promise.all([
    startGateway(createEnv({ pki, couchUrl: 'http://127.0.0.1:9/' })),
    startGateway({ version: 1, listen: LOOPBACK }),
  ]);
  t.after(() => Promise.all([offerer.stop(), joiner.stop()]));
  return { offerer, joiner };
}
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const codeOf = (error: unknown): number | null => (error instanceof GatewayError ? error.code : null);

async function prove(t: TestContext) {
  const { offerer, joiner } = await startPair(t);
  const { run, listeners } = await openOffer(offerer);
  const joined = await beginJoin(joiner, listeners[0]);
  const proved = await Promise.all([untilPair(offerer, 'pair-proved'), untilPair(joiner, 'pair-proved')]);
  return { offerer, joiner, run, joined, listeners, proved };
}

describe('two gateways', () => {
  test('prove the code, carry what the launchers say, and end', async (t) => {
    const { offerer, joiner, run, joined, proved } = await prove(t);
    const [atOfferer, atJoiner] = proved;
    assert.deepEqual([atOfferer.run, atOfferer.label, atOfferer.userId], [run, 'camera', null]);
    assert.deepEqual(
      [atJoiner.run, atJoiner.label, atJoiner.userId],
      [joined, "Ada's laptop", pki.ada.ca.userId],
    );
    await joiner.call('pair-send', { run: joined, data: base64('from A') });
    await offerer.call('pair-send', { run, data: base64('from B') });
    assert.equal((await untilPair(offerer, 'pair-data')).data, base64('from A'));
    assert.equal((await untilPair(joiner, 'pair-data')).data, base64('from B'));
    const most = Buffer.alloc(MAX_PAIR_DATA_BYTES).toString('base64url');
    await joiner.call('pair-send', { run: joined, data: most });
    await untilPair(offerer, 'pair-data', ({ data }) => data === most);
    await offerer.call('pair-cancel', { run });
    assert.equal((await untilPair(offerer, 'pair-ended')).reason, 'cancelled');
    assert.equal((await untilPair(joiner, 'pair-ended')).reason, 'left');
  });

  test('what was said last arrives before the end', async (t) => {
    const { offerer, joiner, joined } = await prove(t);
    await joiner.call('pair-send', { run: joined, data: base64('last') });
    await joiner.call('pair-cancel', { run: joined });
    await untilPair(offerer, 'pair-ended');
    const names = offerer.seen.map(({ event }) => event).filter((name) => name.startsWith('pair-'));
    assert.deepEqual(names, ['pair-proved', 'pair-data', 'pair-ended']);
  });

  test('a wrong code is told to both, three spend the offer, and then nobody listens', async (t) => {
    const { offerer, joiner } = await startPair(t);
    const { run, listeners } = await openOffer(offerer);
    for (const [left, reason] of [
      [2, 'wrong-code'],
      [1, 'wrong-code'],
      [0, 'spent'],
    ] as const) {
      const joined = await beginJoin(joiner, listeners[0], { code: WRONG_CODE });
      assert.equal((await untilPair(joiner, 'pair-ended', (event) => event.run === joined)).reason, reason);
      await untilPair(offerer, 'pair-strike', (event) => event.run === run && event.left === left);
    }
    assert.equal((await untilPair(offerer, 'pair-ended')).reason, 'spent');
    const late = await beginJoin(joiner, listeners[0]);
    assert.equal((await untilPair(joiner, 'pair-ended', ({ run: of }) => of === late)).reason, 'unreachable');

    // The twin: a new offer, with one wrong code before the right one.
    const again = await openOffer(offerer);
    const wrong = await beginJoin(joiner, again.listeners[0], { code: WRONG_CODE });
    await untilPair(joiner, 'pair-ended', (event) => event.run === wrong);
    await beginJoin(joiner, again.listeners[0]);
    await untilPair(offerer, 'pair-proved', (event) => event.run === again.run);
  });

  test('a share is not a join', async (t) => {
    const { offerer, joiner } = await startPair(t);
    const { listeners } = await openOffer(offerer, { kind: 'share' });
    await beginJoin(joiner, listeners[0]);
    assert.equal((await untilPair(joiner, 'pair-ended')).reason, 'other-kind');
    const again = await beginJoin(joiner, listeners[0], { kind: 'share' });
    await untilPair(joiner, 'pair-proved', ({ run }) => run === again);
  });

  test('an offer ends in its time', async (t) => {
    const { offerer } = await startPair(t);
    const { run } = await openOffer(offerer, { seconds: 1 });
    assert.equal((await untilPair(offerer, 'pair-ended', (event) => event.run === run)).reason, 'expired');
    assert.notEqual((await openOffer(offerer)).run, run);
  });

  test('a gateway that dies is a lost connection to the other', async (t) => {
    const { offerer, joiner } = await prove(t);
    process.kill(offerer.pid, 'SIGKILL');
    assert.equal((await untilPair(joiner, 'pair-ended')).reason, 'lost');
  });

  test('a gateway that stops says so', async (t) => {
    const { offerer, joiner } = await prove(t);
    await joiner.stop();
    assert.equal((await untilPair(offerer, 'pair-ended')).reason, 'left');
    assert.ok(joiner.seen.some((event) => event.event === 'pair-ended' && event.reason === 'cancelled'));
  });
});

describe('the methods', () => {
  test('one run at a time, whatever it is, and the next when it has ended', async (t) => {
    const { offerer, joiner } = await startPair(t);
    const { run, listeners } = await openOffer(offerer);
    await assert.rejects(openOffer(offerer), (error) => codeOf(error) === -32001);
    await assert.rejects(beginJoin(offerer, listeners[0]), (error) => codeOf(error) === -32001);
    const status = (await offerer.call('status')) as { pairing: { run: unknown } };
    assert.deepEqual(status.pairing.run, { run, proved: false });
    await offerer.call('pair-cancel', { run });
    await openOffer(offerer);
    await beginJoin(joiner, { address: '::1', zone: null, port: 9 } satisfies OfferAddress);
    await untilPair(joiner, 'pair-ended');
    await beginJoin(joiner, { address: '::1', zone: null, port: 9 });
  });

  test('nothing is sent by a run that is not proved, or is not there', async (t) => {
    const { offerer } = await startPair(t);
    const { run } = await openOffer(offerer);
    for (const params of [
      { run, data: base64('x') },
      { run: '3'.repeat(16), data: base64('x') },
    ])
      await assert.rejects(offerer.call('pair-send', params), (error) => codeOf(error) === -32002);
    await assert.rejects(
      offerer.call('pair-cancel', { run: '3'.repeat(16) }),
      (error) => codeOf(error) === -32002,
    );
    await offerer.call('pair-cancel', { run });
    await assert.rejects(offerer.call('pair-cancel', { run }), (error) => codeOf(error) === -32002);
  });

  const offer = { kind: 'join', code: CODE, label: 'x', seconds: 1, ...throwAway() };
  const otherKey = selfSignedLeaf(new Date()).keyPem;
  const run = '3'.repeat(16);
  for (const [method, params, path] of [
    ['pair-offer', null, '$'],
    ['pair-offer', { ...offer, more: 1 }, '$.more'],
    ['pair-offer', { ...offer, kind: 'lend' }, '$.kind'],
    ['pair-offer', { ...offer, code: 'K7QX20A' }, '$.code'],
    ['pair-offer', { ...offer, label: 'a\u202eb' }, '$.label'],
    ['pair-offer', { ...offer, seconds: 301 }, '$.seconds'],
    ['pair-offer', { ...offer, seconds: 0 }, '$.seconds'],
    ['pair-offer', { ...offer, key: otherKey }, '$.key'],
    ['pair-offer', { ...offer, leaf: 'PEM' }, '$.leaf'],
    ['pair-join', { ...offer, offer: 'x' }, '$.seconds'],
    ['pair-send', { run, data: 'a+b=' }, '$.data'],
    ['pair-send', { run, data: Buffer.alloc(MAX_PAIR_DATA_BYTES + 1).toString('base64url') }, '$.data'],
    ['pair-cancel', { run: '1' }, '$.run'],
  ] as const)
    test(`${method} refuses ${path} ${JSON.stringify(params).slice(0, 60)}`, async (t) => {
      const gateway = await startGateway({ version: 1, listen: LOOPBACK });
      t.after(() => gateway.stop());
      await assert.rejects(
        gateway.call(method, params),
        (error) =>
          error instanceof GatewayError &&
          error.code === -32602 &&
          error.problems.some((problem) => problem.path === path),
      );
    });

  test('pair-join knows no offer that is not seen, and dials nowhere but link-local and loopback', async (t) => {
    const gateway = await startGateway({ version: 1, listen: LOOPBACK });
    t.after(() => gateway.stop());
    for (const place of [
      run,
      { address: '2001:db8::1', zone: null, port: 1 },
      { address: 'fe80::1', zone: null, port: 1 },
      { address: '::1', zone: 'lo', port: 1 },
      { address: '127.0.0.1', zone: null, port: 1 },
    ])
      await assert.rejects(
        beginJoin(gateway, place),
        (error) => codeOf(error) === -32602,
        JSON.stringify(place),
      );
    const begun = await beginJoin(gateway, { address: 'fe80::1', zone: 'nolink0', port: 1 });
    assert.equal(
      (await untilPair(gateway, 'pair-ended', (event) => event.run === begun)).reason,
      'unreachable',
    );
  });
});
