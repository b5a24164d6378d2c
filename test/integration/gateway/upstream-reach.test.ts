// An upstream that is not there, or is silent: 502, 503 and 504, for as long as it lasts and no longer.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { createEnv } from '../../kit/env.js';
import { isEvent, startGateway } from '../../kit/gateway.js';
import { assertRefused, startLab, type Lab } from '../../kit/lab.js';
import { createTestPki, type TestPki } from '../../kit/pki.js';
import { connectRaw, get, parseReply, type RawClient } from '../../kit/raw-client.js';
import { jsonReply, startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';
import { startRelay, type Relay } from '../../kit/relay.js';
import { eventually } from '../../kit/until.js';

const DOCUMENT = '/couch/dmedia-0/doc';
const GRACES = '/couch/dmedia-0-novel/doc';
const ATTACHMENT = '/couch/dmedia-0/doc/movie.mov';
const LOCAL = '/couch/dmedia-0/_local/x';
const FEED = '/couch/dmedia-0/_changes?feed=continuous';
const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n';

/** Opens a feed on each connection that there is to the upstream: the next request needs another one. */
async function occupy(lab: Lab, upstream: RecordingUpstream): Promise<RawClient[]> {
  upstream.answer = ({ target }) => (target.includes('_changes') ? STREAM : jsonReply(200, {}));
  const feeds = Array.from(upstream.sockets, () => connectRaw(lab.gateway.port, lab.tls.ada));
  for (const feed of feeds) {
    feed.write(get(FEED));
    await feed.until((bytes) => bytes.length > 0);
  }
  return feeds;
}

suite('an upstream that cannot be reached', () => {
  test('upstreamFirstByteMs: 504, and a feed may be silent for longer', async (t) => {
    const lab = await startLab({ limits: { upstreamFirstByteMs: 500 } });
    t.after(() => lab.close());
    lab.upstream.answer = () => null;
    const feed = connectRaw(lab.gateway.port, lab.tls.ada);
    feed.write(get(FEED));
    await eventually(() => lab.upstream.requests.length || null);
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 504);
    assertRefused(await lab.ask('ada', get(LOCAL)), 504);
    assert.equal(feed.socket.destroyed, false);
    lab.upstream.answer = () => jsonReply(200, {});
    assert.equal((await lab.ask('ada', get(DOCUMENT)))?.status, 200);
    feed.socket.destroy();
  });

  test('upstreamFirstByteMs: a body on its way is waited for', async (t) => {
    const lab = await startLab({ limits: { upstreamFirstByteMs: 1500 } });
    t.after(() => lab.close());
    lab.upstream.answer = ({ method }) => (method === 'PUT' ? jsonReply(201, {}) : null);
    const upload = connectRaw(lab.gateway.port, lab.tls.ada);
    upload.write(`PUT ${ATTACHMENT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const pieces = setInterval(() => upload.write('1\r\nx\r\n'), 50);
    for (let count = 0; count < 2; count++) assertRefused(await lab.ask('ada', get(DOCUMENT)), 504);
    clearInterval(pieces);
    upload.write('0\r\n\r\n');
    assert.equal(parseReply(await upload.until((bytes) => parseReply(bytes) !== null))?.status, 201);
    upload.socket.destroy();
  });

  test('that refuses connections: 502, then 503 and a warning, until it is back', async (t) => {
    const upstream = await startRecordingUpstream();
    const relay = await startRelay(upstream.port);
    const lab = await startLab({ couchUrl: `http://127.0.0.1:${relay.port}/` });
    t.after(async () => {
      await lab.close();
      await relay.close();
      await upstream.close();
    });
    const feeds = await occupy(lab, upstream);
    await relay.refuse();
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 502);
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 503);
    await lab.gateway.until(isEvent('warning', { code: 'upstream-down' }));
    // Two credentials could not be asked about, and it is told once.
    assertRefused(await lab.ask('grace', get(GRACES)), 503);
    assert.equal(lab.gateway.seen.filter(isEvent('warning', { code: 'upstream-down' })).length, 1);
    await relay.accept();
    await eventually(async () => ((await lab.ask('ada', get(DOCUMENT)))?.status === 200 ? true : null));
    for (const { socket } of feeds) {
      assert.equal(socket.destroyed, false);
      socket.destroy();
    }
  });

  test('that is not there yet does not stop the start: 503, until it is', async (t) => {
    const upstream = await startRecordingUpstream();
    const relay = await startRelay(upstream.port);
    await relay.refuse();
    const lab = await startLab({ couchUrl: `http://127.0.0.1:${relay.port}/` });
    t.after(async () => {
      await lab.close();
      await relay.close();
      await upstream.close();
    });
    await lab.gateway.until(isEvent('warning', { code: 'upstream-down' }));
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 503);
    assertRefused(await lab.ask('ada', get('/couch/_up')), 503);
    assert.equal((await lab.ask('ada', get('/')))?.status, 200);
    await relay.accept();
    await eventually(async () => ((await lab.ask('ada', get(DOCUMENT)))?.status === 200 ? true : null));
  });
});

suite('an upstream over TLS', () => {
  /** A relay, TLS behind it with the leaf of Ada's laptop, and the upstream behind that. */
  async function startTlsUpstream({ ada }: TestPki) {
    const upstream = await startRecordingUpstream();
    const server = createTlsServer({ cert: ada.laptop.certPem, key: ada.laptop.keyPem }, (socket) => {
      const onward = connect({ host: '127.0.0.1', port: upstream.port });
      onward.on('error', () => undefined).on('close', () => socket.destroy());
      socket.on('error', () => undefined).on('close', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const relay = await startRelay((server.address() as { port: number }).port);
    const close = async (): Promise<void> => {
      await relay.close();
      await upstream.close();
      await new Promise((resolve) => server.close(resolve));
    };
    return { upstream, relay, close };
  }

  const couchdbOf = (relay: Relay, serverName: string, ca: string) => ({
    ...createEnv({ pki: createTestPki(), couchUrl: '' }).couchdb,
    url: `https://127.0.0.1:${relay.port}/`,
    serverName,
    ca,
  });
  const nameOf = ({ ada }: TestPki): string => `${ada.laptop.deviceId}.patchcord.internal`;

  test('upstreamConnectMs: 504, and one that comes about is used', async (t) => {
    const pki = createTestPki();
    const { upstream, relay, close } = await startTlsUpstream(pki);
    const couchdb = couchdbOf(relay, nameOf(pki), pki.ada.ca.certPem);
    const lab = await startLab({ pki, limits: { upstreamConnectMs: 1500 }, more: { couchdb } });
    t.after(async () => {
      await lab.close();
      await close();
    });
    const feeds = await occupy(lab, upstream);
    relay.passes = false;
    assertRefused(await lab.ask('ada', get(DOCUMENT)), 504);
    relay.passes = true;
    await eventually(async () => ((await lab.ask('ada', get(DOCUMENT)))?.status === 200 ? true : null));
    for (const { socket } of feeds) socket.destroy();
  });

  for (const [what, couchdbFor] of [
    ['of another CA', (relay: Relay, pki: TestPki) => couchdbOf(relay, nameOf(pki), pki.grace.ca.certPem)],
    [
      'of another name',
      (relay: Relay, pki: TestPki) => couchdbOf(relay, 'other.patchcord.internal', pki.ada.ca.certPem),
    ],
  ] as const) {
    test(`whose certificate is ${what} is told nothing`, async () => {
      const pki = createTestPki();
      const { upstream, relay, close } = await startTlsUpstream(pki);
      const env = createEnv({ pki, couchUrl: '', more: { couchdb: couchdbFor(relay, pki) } });
      const gateway = await startGateway(env);
      await gateway.until(isEvent('warning', { code: 'upstream-down' }));
      assert.equal(upstream.questions.length, 0);
      assert.equal(upstream.stray(), '');
      await gateway.stop();
      await close();
    });
  }
});
