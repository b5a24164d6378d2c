// Who is let in, over real handshakes: anyone else is closed without a byte of HTTP, and a `denied` event says why.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { DenialCode } from '../../../dist/core/leaf/judge.js';
import { createEnv, tlsOf } from '../../kit/env.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import {
  createTestPki,
  FLAW_NAMES,
  VERDICT_OF_FLAW,
  flawedLeaf,
  leafSignedBy,
  selfSignedLeaf,
  type TestLeaf,
} from '../../kit/pki.js';
import { ask, connectRaw, get, parseReply } from '../../kit/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';

const pki = createTestPki();
const { ada, grace, stranger, now } = pki;
const nas = selfSignedLeaf(now);
let upstream: RecordingUpstream;
let gateway: TestGateway;

before(async () => {
  upstream = await startRecordingUpstream();
  const env = createEnv({
    pki,
    couchUrl: upstream.url,
    principals: [
      { issuer: 'user', role: 'own-device' },
      { issuer: 'grace', device: grace.laptop.deviceId, role: 'novel-crew' },
      { cert: 'nas', role: 'novel-crew' },
    ],
  });
  gateway = await startGateway({
    ...env,
    trust: { ...env.trust, certs: { nas: nas.certPem }, revoked: [`device:${ada.camera.deviceId}`] },
  });
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await upstream.close();
});

/** A client's own stack would not show some of these. */
const SHOWS_ANYTHING = { ciphers: 'DEFAULT:@SECLEVEL=0' };

/** Asks with this leaf, and shows that not one byte came back, and that the launcher was told why. */
async function isRefused(
  tls: { cert?: string; key?: string; ciphers?: string },
  rule: DenialCode,
  deviceId?: string,
): Promise<void> {
  const client = connectRaw(gateway.port, tls);
  client.write(get('/'));
  await client.closed;
  assert.equal(client.received().length, 0);
  // More than ten in a second are summed up, by rule.
  await gateway.until(
    (event) =>
      event.event === 'denied' &&
      event.rule === rule &&
      (event.count !== undefined || (event.principal === null && event.deviceId === deviceId)),
  );
}

describe('let in', () => {
  const admitted: readonly [string, TestLeaf, string][] = [
    ['an own device', ada.desktop, 'own-device'],
    ['a device of another user', grace.laptop, 'novel-crew'],
    ['a whitelisted certificate', nas, 'novel-crew'],
  ];
  for (const [name, leaf, role] of admitted) {
    test(name, async () => {
      const reply = await ask(gateway.port, tlsOf(leaf), get('/'));
      assert.equal(reply?.status, 200);
      const isIts = (event: unknown): boolean =>
        (event as { principal?: { deviceId: string; role: string } }).principal?.deviceId === leaf.deviceId;
      const connected = await gateway.until((event) => event.event === 'connected' && isIts(event));
      assert.equal((connected as { principal: { role: string } }).principal.role, role);
      await gateway.until((event) => event.event === 'disconnected' && isIts(event));
    });
  }

  test('SNI and the value of the Host header change nothing', async () => {
    const tls = { ...tlsOf(ada.desktop), servername: `${stranger.laptop.deviceId}.patchcord.internal` };
    const reply = await ask(gateway.port, tls, 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    assert.equal(reply?.status, 200);
  });
});

describe('closed without a byte of HTTP', () => {
  test('without a certificate', () => isRefused({}, 'no-certificate'));
  test('a stranger', () => isRefused(tlsOf(stranger.laptop), 'issuer-unknown', stranger.laptop.deviceId));
  test('a device that no entry names', () =>
    isRefused(tlsOf(grace.desktop), 'no-principal', grace.desktop.deviceId));
  test('a device that is revoked here', () =>
    isRefused(tlsOf(ada.camera), 'revoked-here', ada.camera.deviceId));
  test('a leaf of a leaf', () => {
    const leaf = leafSignedBy(ada.desktop, now);
    return isRefused(tlsOf(leaf), 'issuer-unknown', leaf.deviceId);
  });
  for (const flaw of FLAW_NAMES) {
    test(`a leaf of the own CA that is ${flaw}`, () => {
      const leaf = flawedLeaf(flaw, ada.ca, now);
      return isRefused({ ...tlsOf(leaf), ...SHOWS_ANYTHING }, VERDICT_OF_FLAW[flaw], leaf.deviceId);
    });
  }

  test('a client that speaks no TLS', async () => {
    const socket = connect({ host: '::1', port: gateway.port });
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes)).on('error', () => undefined);
    socket.write(get('/'));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.ok(!Buffer.concat(received).includes('HTTP/'));
    await gateway.until(isEvent('denied', { rule: 'tls' }));
  });

  test('a client of TLS 1.2', async () => {
    const client = connectRaw(gateway.port, {
      ...tlsOf(ada.desktop),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
    client.write(get('/'));
    await client.closed;
    assert.equal(client.received().length, 0);
  });
});

test('no session is resumed, and whoever offers one is judged as anyone is', async () => {
  const env = createEnv({ pki, couchUrl: upstream.url });
  const own = await startGateway(env);
  const session = await sessionOf(own.port);
  // The twin: let in, after a handshake of its own.
  const again = connectRaw(own.port, { ...tlsOf(ada.desktop), session });
  again.write(get('/'));
  const reply = parseReply(await again.until((bytes) => parseReply(bytes) !== null));
  assert.equal(reply?.status, 200);
  assert.equal(again.socket.isSessionReused(), false);
  again.socket.destroy();

  const later = await sessionOf(own.port);
  await own.call('reload', { trust: { ...env.trust, revoked: [`device:${ada.desktop.deviceId}`] } });
  const refused = connectRaw(own.port, { ...tlsOf(ada.desktop), session: later });
  refused.write(get('/'));
  await refused.closed;
  assert.equal(refused.received().length, 0);
  await own.until(isEvent('denied', { rule: 'revoked-here', deviceId: ada.desktop.deviceId }));
  assert.equal(await own.stop(), 0);
});

async function sessionOf(port: number): Promise<Buffer> {
  const client = connectRaw(port, tlsOf(ada.desktop));
  const session = new Promise<Buffer>((resolve) => client.socket.once('session', resolve));
  client.write(get('/'));
  await client.until((bytes) => parseReply(bytes) !== null);
  const found = await session;
  client.socket.destroy();
  return found;
}

test('ten refusals a second are told one by one, the rest summed up by rule', async () => {
  const own = await startGateway(
    createEnv({ pki, couchUrl: upstream.url, limits: { strangersPerAddress: 64 } }),
  );
  const knocks = 40;
  for (let knock = 0; knock < knocks; knock++) {
    const client = connectRaw(own.port, tlsOf(stranger.laptop));
    await client.closed;
  }
  const toldOf = (): number =>
    own.seen.reduce((sum, event) => sum + (event.event === 'denied' ? (event.count ?? 1) : 0), 0);
  await own.until(() => toldOf() === knocks);
  const summed = own.seen.filter((event) => event.event === 'denied' && event.count !== undefined);
  assert.ok(summed.length > 0);
  const status = (await own.call('status')) as { denied: Record<string, number> };
  assert.equal(status.denied['issuer-unknown'], knocks);
  assert.equal(await own.stop(), 0);
});
