// An offer and those who connect to it: one at a time, three wrong codes, one proof, and an end in time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExchangeOptions } from '../../../dist/core/pairing/exchange-words.js';
import { createOffer, MAX_STRIKES, type OfferEffect } from '../../../dist/core/pairing/offer.js';
import {
  code,
  createSide,
  EXPIRES_AT,
  hash,
  jsonOf,
  jsonText,
  messageIn,
  optionsOf,
  otherCode,
  scalarFrom,
  time,
  type Side,
} from './exchange-lab.js';

/** An offer, and joiners at the other end of its connections. */
function createLab() {
  const offer = createOffer({
    kind: 'join',
    code,
    label: "Ada's laptop",
    userId: null,
    expiresAt: EXPIRES_AT,
  });
  const done: OfferEffect[] = [];
  const joiners = new Map<number, Side>();
  let connections = 0;

  function perform(effects: readonly OfferEffect[]): void {
    done.push(...effects);
    for (const effect of effects) {
      if (effect.do !== 'frame') continue;
      const joiner = joiners.get(effect.connection);
      joiner?.hear(jsonOf(effect.frame));
      if (joiner !== undefined) hand(effect.connection, joiner);
    }
  }
  function hand(connection: number, joiner: Side): void {
    for (const json of joiner.sent.splice(0)) perform(offer.on({ event: 'frame', connection, json }, 0));
  }
  /** Somebody connects; without options, somebody who says nothing. */
  function connect(options?: Partial<ExchangeOptions>, now = 0): { connection: number; joiner: Side } {
    const connection = (connections += 1);
    const ci = hash(`channel ${connection}`);
    const joiner = createSide(optionsOf('A', { ci, ...options }));
    const own = { nonce: hash(`nonce ${connection}`), scalar: scalarFrom(`scalar ${connection}`) };
    if (options !== undefined) {
      joiners.set(connection, joiner);
      joiner.tell({ event: 'start' });
    }
    perform(offer.on({ event: 'connected', connection, ci, time, ...own }, now));
    hand(connection, joiner);
    return { connection, joiner };
  }
  const hear = (connection: number, json: Uint8Array | null): void =>
    perform(offer.on({ event: 'frame', connection, json }, 0));
  const close = (connection: number): void => perform(offer.on({ event: 'closed', connection }, 0));
  const reason = (): string | null => done.find((effect) => effect.do === 'ended')?.reason ?? null;
  const strikes = (): number[] => done.flatMap((effect) => (effect.do === 'strike' ? [effect.left] : []));
  const framesTo = (connection: number): Uint8Array[] =>
    done.flatMap((effect) =>
      effect.do === 'frame' && effect.connection === connection ? [jsonOf(effect.frame)] : [],
    );
  return { framesTo, offer, done, connect, hear, close, perform, reason, strikes };
}

describe('an offer', () => {
  test('is proved by whoever knows the code', () => {
    const lab = createLab();
    const { joiner } = lab.connect({ label: 'camera' });
    assert.ok(joiner.exchange.isProved());
    assert.ok(lab.offer.isProved());
    assert.ok(lab.done.some((effect) => effect.do === 'proved' && effect.label === 'camera'));
    assert.deepEqual(lab.strikes(), []);
  });

  test(`stands ${MAX_STRIKES - 1} wrong codes, and ends with the next; the one who knows it is too late then`, () => {
    const lab = createLab();
    for (let strike = 1; strike < MAX_STRIKES; strike += 1) {
      assert.equal(lab.connect({ code: otherCode }).joiner.reason(), 'wrong-code');
      assert.equal(lab.reason(), null);
    }
    assert.equal(lab.connect({ code: otherCode }).joiner.reason(), 'spent');
    assert.deepEqual(lab.strikes(), [2, 1, 0]);
    assert.equal(lab.reason(), 'spent');
    assert.equal(lab.connect({}).joiner.exchange.isProved(), false);

    const twin = createLab();
    for (let strike = 1; strike < MAX_STRIKES; strike += 1) twin.connect({ code: otherCode });
    assert.ok(twin.connect({}).joiner.exchange.isProved());
  });

  test('loses nothing by a wrong method, a malformed or oversized message, silence, or a broken connection', () => {
    const lab = createLab();
    const wrongs: ((connection: number) => void)[] = [
      (connection) => lab.close(connection),
      (connection) => lab.hear(connection, null),
      (connection) => lab.hear(connection, new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')),
      (connection) =>
        lab.hear(connection, jsonText({ type: 'tag', tag: Buffer.alloc(64).toString('base64url') })),
      (connection) => lab.hear(connection, jsonText({ type: 'refuse', reason: 'spent' })),
      () => lab.perform(lab.offer.on({ event: 'time' }, 10_000)),
    ];
    for (const wrong of [...wrongs, ...wrongs]) wrong(lab.connect().connection);
    lab.connect({ kind: 'share' });
    assert.deepEqual(lab.strikes(), []);
    assert.equal(lab.reason(), null);
    assert.ok(lab.connect({}).joiner.exchange.isProved());
  });

  test('loses nothing by whoever goes away before the tag', () => {
    const lab = createLab();
    for (let turn = 0; turn < 10; turn += 1) {
      const { connection, joiner } = lab.connect();
      joiner.tell({ event: 'start' });
      for (const expected of ['nonce', 'share']) {
        lab.hear(connection, joiner.sent.splice(0)[0] ?? null);
        const [answer] = lab.framesTo(connection).slice(-1);
        assert.equal(messageIn(answer).type, expected);
        joiner.hear(answer ?? null);
      }
      assert.equal(messageIn(joiner.sent[0]).type, 'tag');
      lab.close(connection);
    }
    assert.deepEqual(lab.strikes(), []);
    assert.ok(lab.connect({}).joiner.exchange.isProved());
  });

  test('has one run at a time: the next is told that it is busy, and does not touch it', () => {
    const lab = createLab();
    const first = lab.connect();
    const second = lab.connect({});
    assert.equal(second.joiner.reason(), 'busy');
    assert.ok(lab.done.some((effect) => effect.do === 'close' && effect.connection === second.connection));
    lab.hear(second.connection, jsonText({ type: 'nonce', nonce: '' }));
    lab.close(second.connection);
    lab.close(first.connection);
    assert.ok(lab.connect({}).joiner.exchange.isProved());
  });

  test('once proved, takes nobody else, and ends with that connection', () => {
    const lab = createLab();
    const { connection } = lab.connect({});
    assert.equal(lab.connect({}).joiner.reason(), 'busy');
    lab.close(connection);
    assert.equal(lab.reason(), 'lost');
    assert.equal(lab.connect({}).joiner.exchange.isProved(), false);
  });

  test('ends at its time, and not a millisecond before: alone, in a run, and after the proof', () => {
    for (const before of [() => undefined, (lab: ReturnType<typeof createLab>) => lab.connect()]) {
      const lab = createLab();
      before(lab);
      assert.ok(lab.offer.nextAt() <= EXPIRES_AT);
      lab.perform(lab.offer.on({ event: 'time' }, EXPIRES_AT - 1));
      assert.equal(lab.reason(), null);
      lab.perform(lab.offer.on({ event: 'time' }, EXPIRES_AT));
      assert.equal(lab.reason(), 'expired');
      assert.equal(lab.offer.nextAt(), Infinity);
    }
    const proved = createLab();
    const { joiner } = proved.connect({});
    proved.perform(proved.offer.on({ event: 'time' }, EXPIRES_AT));
    assert.equal(proved.reason(), 'expired');
    assert.equal(joiner.reason(), 'expired');
  });

  test('ends when it is cancelled: alone, in a run, and after the proof', () => {
    for (const before of [undefined, {}, { code: otherCode }]) {
      const lab = createLab();
      if (before !== undefined) lab.connect(before);
      lab.perform(lab.offer.on({ event: 'cancel' }, 0));
      assert.equal(lab.reason(), 'cancelled');
    }
  });

  test('what is sent before a proof goes nowhere', () => {
    const lab = createLab();
    assert.deepEqual(lab.offer.on({ event: 'send', data: new Uint8Array(1) }, 0), []);
    lab.connect();
    assert.deepEqual(lab.offer.on({ event: 'send', data: new Uint8Array(1) }, 0), []);
  });
});
