// The wall clock jumps while a gateway runs: verdicts follow it, and what is counted by a steady clock does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnv, tlsOf } from '../kit/env.js';
import { startGatewayHere } from '../kit/gateway-here.js';
import { createTestPki } from '../kit/pki.js';
import { ask, connectRaw, get, parseReply } from '../kit/raw-client.js';

const DAY_MS = 24 * 3_600_000;

test('a clock that jumps: a connection ends with its leaf, nobody is let in meanwhile, and all are when it is back', async () => {
  const pki = createTestPki();
  const desktop = tlsOf(pki.ada.desktop);
  let jumpedMs = 0;
  const gateway = await startGatewayHere(
    createEnv({ pki, couchUrl: 'http://127.0.0.1:9/' }),
    () => new Date(Date.now() + jumpedMs),
  );
  const isAnswered = async (): Promise<boolean> =>
    (await ask(gateway.port(), desktop, get('/')))?.status === 200;
  const connect = async () => {
    const client = connectRaw(gateway.port(), desktop);
    client.write(get('/'));
    await client.until((bytes) => parseReply(bytes) !== null);
    return client;
  };
  const kept = await connect();
  // Hours: as when a battery was empty, and the time came by hand.
  jumpedMs = -DAY_MS / 2;
  kept.write(get('/'));
  await kept.until((bytes) => bytes.toString('latin1').split('HTTP/1.1 200').length === 3);
  assert.equal(await isAnswered(), true);
  jumpedMs = 900 * DAY_MS;
  await kept.closed;
  assert.equal(await isAnswered(), false);
  await gateway.until((event) => event.event === 'denied' && event.rule === 'expired');
  jumpedMs = -20_000 * DAY_MS;
  assert.equal(await isAnswered(), false);
  await gateway.until((event) => event.event === 'denied' && event.rule === 'issuer-dates');
  jumpedMs = 0;
  assert.equal(await isAnswered(), true);
  await gateway.stop();
});
