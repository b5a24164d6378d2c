// An offer and whoever else is on the link: raw clients that say anything, resume sessions, relay, and crowd.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { OfferAddress } from '../../../dist/core/control/pairing.js';
import { formatFrame, MAX_FRAME_BYTES } from '../../../dist/core/pairing/frames.js';
import { createEnv } from '../../kit/env.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import {
  beginJoin,
  createRawJoiner,
  dialOffer,
  isEnd,
  openOffer,
  throwAway,
  untilPair,
  WRONG_CODE,
} from '../../kit/pairing.js';
import { createTestPki } from '../../kit/pki.js';

const pki = createTestPki();

async function startOffer(t: TestContext): Promise<{ offerer: TestGateway; at: OfferAddress; run: string }> {
  const offerer = await startGateway(createEnv({ pki, couchUrl: 'http://127.0.0.1:9/' }));
  t.after(() => offerer.stop());
  const { run, listeners } = await openOffer(offerer);
  const [at] = listeners;
  assert.ok(at !== undefined);
  return { offerer, at, run };
}
const strikesOf = (gateway: TestGateway): number => gateway.seen.filter(isEvent('pair-strike')).length;
const say = (message: unknown): Uint8Array => formatFrame(Buffer.from(JSON.stringify(message)));
const isTag = (frame: Uint8Array): boolean => Buffer.from(frame).includes('"type":"tag"');
const nonce = Buffer.alloc(32).toString('base64url');

/** Says it, and resolves once the offerer has closed. */
async function sayTo(at: OfferAddress, bytes: Uint8Array | string): Promise<string> {
  const socket = await dialOffer(at);
  const closed = once(socket, 'close');
  let heard = '';
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')));
  socket.write(bytes);
  await closed;
  return heard;
}

describe('an offer loses nothing by', () => {
  const wrongs: Record<string, Uint8Array | string> = {
    'a wrong method': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'a frame that is too long': Uint8Array.of(0, 1, 0, 1),
    'a whole frame of 64 KiB that is no JSON': formatFrame(new Uint8Array(MAX_FRAME_BYTES)),
    'an empty frame': formatFrame(new Uint8Array()),
    'a message that is none': say({ type: 'code', code: 'K7QX20AB' }),
    'a message with more in it': say({ type: 'nonce', nonce, more: 1 }),
    'a tag at once': say({ type: 'tag', tag: Buffer.alloc(64).toString('base64url') }),
    'a sealed message at once': say({ type: 'data', number: 0, box: Buffer.alloc(16).toString('base64url') }),
    'its own words': say({ type: 'refuse', reason: 'spent' }),
    'two nonces': Buffer.concat([say({ type: 'nonce', nonce }), say({ type: 'nonce', nonce })]),
  };
  for (const [name, bytes] of Object.entries(wrongs))
    test(name, async (t) => {
      const { offerer, at, run } = await startOffer(t);
      for (let turn = 0; turn < 4; turn += 1) await sayTo(at, bytes);
      assert.equal(strikesOf(offerer), 0);
      await createRawJoiner(at);
      await untilPair(offerer, 'pair-proved', (event) => event.run === run);
    });

  test('connections that break, before the handshake, in it, and before the tag', async (t) => {
    const { offerer, at, run } = await startOffer(t);
    for (let turn = 0; turn < 4; turn += 1) {
      const socket = await dialOffer(at);
      socket.destroy();
      const joiner = await createRawJoiner(at, 'K7QX20AB', (to, frame) => {
        if (isTag(frame)) to.destroy();
        else to.write(frame);
      });
      await joiner.closed;
    }
    assert.equal(strikesOf(offerer), 0);
    await createRawJoiner(at);
    await untilPair(offerer, 'pair-proved', (event) => event.run === run);
  });
});

describe('an offer takes', () => {
  test('three wrong tags: the next who knows the code finds nobody', async (t) => {
    const { offerer, at } = await startOffer(t);
    for (const reason of ['wrong-code', 'wrong-code', 'spent']) {
      const joiner = await createRawJoiner(at, WRONG_CODE);
      assert.deepEqual(await joiner.until(isEnd), { do: 'end', reason });
    }
    assert.equal((await untilPair(offerer, 'pair-ended')).reason, 'spent');
    assert.equal(strikesOf(offerer), 3);
    await assert.rejects(dialOffer(at));
  });

  test('one run at a time: the next is told so, and the first goes on', async (t) => {
    const { offerer, at, run } = await startOffer(t);
    let held: (() => void) | null = null;
    const first = await createRawJoiner(at, 'K7QX20AB', (socket, frame) => {
      if (isTag(frame)) held = () => socket.write(frame);
      else socket.write(frame);
    });
    await first.until((effect) => effect.do === 'frame' && isTag(effect.frame));
    const second = await createRawJoiner(at);
    assert.deepEqual(await second.until(isEnd), { do: 'end', reason: 'busy' });
    (held as (() => void) | null)?.();
    await untilPair(offerer, 'pair-proved', (event) => event.run === run);
  });

  test('no TLS but 1.3, and nobody without a leaf', async (t) => {
    const { offerer, at, run } = await startOffer(t);
    await assert.rejects(dialOffer(at, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
    const { address: host, port } = at;
    const bare = connect({ host, port, rejectUnauthorized: false });
    bare.on('error', () => undefined);
    let heard = 0;
    bare.on('data', (data: Buffer) => (heard += data.length));
    bare.write(say({ type: 'nonce', nonce }));
    await once(bare, 'close');
    assert.equal(heard, 0);
    await createRawJoiner(at);
    await untilPair(offerer, 'pair-proved', (event) => event.run === run);
  });

  test('no session again: every connection is a new handshake', async (t) => {
    const { at } = await startOffer(t);
    const sessions: Buffer[] = [];
    const first = await dialOffer(at);
    first.on('session', (session: Buffer) => sessions.push(session));
    first.end(say({ type: 'tag', tag: '' }));
    first.resume();
    await once(first, 'close');
    for (const session of [...sessions, first.getSession()]) {
      if (session === undefined) continue;
      const again = await dialOffer(at, { session });
      assert.equal(again.isSessionReused(), false);
      again.destroy();
    }
  });

  test('few who have made no handshake: the oldest goes, and the code still gets in', async (t) => {
    const { offerer, at, run } = await startOffer(t);
    const { connect: open } = await import('node:net');
    const crowd = Array.from({ length: 40 }, () => open(at.port, at.address));
    t.after(() => crowd.forEach((socket) => socket.destroy()));
    const closed = crowd
      .slice(0, 36)
      .map((socket) => new Promise((resolve) => socket.on('error', resolve).once('close', resolve)));
    await Promise.all(closed);
    await createRawJoiner(at);
    await untilPair(offerer, 'pair-proved', (event) => event.run === run);
  });
});

describe('after the proof', () => {
  test('who falls silent is let go after 10 s; two gateways whose people take their time go on', async (t) => {
    const [waiting, silent] = [await startOffer(t), await startOffer(t)];
    const joiner = await startGateway({ version: 1, listen: { on: 'loopback' } });
    t.after(() => joiner.stop());
    const run = await beginJoin(joiner, waiting.at);
    await untilPair(joiner, 'pair-proved');
    // This one came later, and is gone first: it says nothing after its tag.
    const raw = await createRawJoiner(silent.at);
    await raw.until((effect) => effect.do === 'proved');
    assert.equal((await untilPair(silent.offerer, 'pair-ended')).reason, 'timeout');
    const data = Buffer.from('yes, the same digits').toString('base64url');
    await joiner.call('pair-send', { run, data });
    assert.equal((await untilPair(waiting.offerer, 'pair-data')).data, data);
  });
});

describe('somebody in between, with two TLS connections, who knows the code', () => {
  test('carries every byte, and is refused by both sides', async (t) => {
    const { offerer, at } = await startOffer(t);
    const relay = await startTlsRelay(at);
    t.after(() => relay.close());
    const joiner = await startGateway({ version: 1, listen: { on: 'loopback' } });
    t.after(() => joiner.stop());
    const { port } = relay.address() as AddressInfo;
    await beginJoin(joiner, { address: '::1', zone: null, port });
    assert.equal((await untilPair(joiner, 'pair-ended')).reason, 'wrong-code');
    assert.equal((await untilPair(offerer, 'pair-strike')).left, 2);
    assert.ok(!joiner.seen.some(isEvent('pair-proved')));

    // The twin: the same two, with nobody in between.
    const run = await beginJoin(joiner, at);
    await untilPair(joiner, 'pair-proved', (event) => event.run === run);
  });
});

/** Ends TLS on both sides with leaves of its own, and passes on what is inside. */
async function startTlsRelay({ address, port }: OfferAddress): Promise<Server> {
  const { leaf, key } = throwAway();
  const tls = { cert: leaf, key, rejectUnauthorized: false };
  const server = createServer({ ...tls, requestCert: true }, (near: TLSSocket) => {
    const far = connect({ ...tls, host: address, port });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  server.listen(0, '::1');
  await once(server, 'listening');
  return server;
}
