// The door of the peer streams: who may speak there, and where it is.
import assert from 'node:assert/strict';
import { renameSync, rmSync, mkdtempSync } from 'node:fs';
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GatewayError } from '../../../dist/index.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { readReply } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';
import {
  atLoopback,
  authorization,
  peerEnv,
  startStreams,
  streamsEnv,
  TOKEN,
  type StreamsClient,
} from '../../kit/streams.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const info = `/peers/${desktop}/`;

let upstream: RecordingUpstream;
let peer: TestGateway;
let streams: StreamsClient;
before(async () => {
  upstream = await startRecordingUpstream();
  peer = await startGateway(peerEnv({ pki, couchUrl: upstream.url }));
  streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }));
});
after(async () => {
  assert.equal(await streams.stop(), 0);
  assert.equal(await peer.stop(), 0);
  await upstream.close();
});

const statusOf = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  (await streams.ask(method, path, { headers })).status;

describe('the door of the peer streams', () => {
  test('opens with the token as the password of "patchcord", and with nothing else', async () => {
    assert.equal(await statusOf(info), 200);
    for (const wrong of [
      authorization('token-of-nobody-at-all'),
      authorization(TOKEN, 'admin'),
      authorization(TOKEN, ''),
      authorization(''),
      `Bearer ${TOKEN}`,
      'Basic !',
      '',
    ]) {
      const refused = await streams.ask('GET', info, { headers: { authorization: wrong } });
      assert.equal(refused.status, 401);
      assert.equal(refused.headers['www-authenticate'], 'Basic realm="patchcord"');
    }
  });

  test('a foreign Host and any Origin are refused, with the right token too', async () => {
    const port = String(streams.port);
    assert.equal(await statusOf(info, { host: `localhost:${port}` }), 200);
    for (const host of [
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${port}`,
      `[::1]:${port}`,
    ])
      assert.equal(await statusOf(info, { host }), 403, host);
    for (const origin of ['null', 'http://evil.example', `http://127.0.0.1:${port}`])
      assert.equal(await statusOf(info, { origin }), 403, origin);
    await streams.gateway.until(isEvent('denied', { rule: 'foreign-host' }));
    await streams.gateway.until(isEvent('denied', { rule: 'foreign-origin' }));
  });

  test('POST /_session is 404 before any token is looked at', async () => {
    assert.equal(await statusOf('/_session', { authorization: authorization('wrong') }, 'POST'), 404);
    assert.equal(await statusOf('/_session', {}, 'POST'), 404);
    assert.equal(await statusOf('/_sessions', { authorization: authorization('wrong') }), 401);
    assert.equal(await statusOf('/_session', { origin: 'http://evil.example' }, 'POST'), 403);
  });

  test('an unknown device, the own one, no device, and what no peer has are 404', async () => {
    assert.equal(await statusOf(`/peers/${pki.stranger.laptop.deviceId}/`), 404);
    assert.equal(await statusOf(`/peers/${pki.ada.laptop.deviceId}/`), 404);
    for (const path of ['/', '/peers', '/peers/', '/peers/x/', '/other', `/peers/${desktop}/other`])
      assert.equal(await statusOf(path), 404, path);
    assert.equal(await statusOf(`/peers/${desktop}`), 200);
  });

  test('a target that has two readings is refused, and other methods', async () => {
    for (const path of [
      `//peers/${desktop}/`,
      `/peers/${desktop}/couch/../files`,
      `/peers/${desktop}/couch/a%2`,
    ])
      assert.equal(await statusOf(path), 400, path);
    const patch = await streams.ask('PATCH', info);
    assert.equal(patch.status, 405);
    assert.equal(patch.headers.allow, 'GET, HEAD, POST, PUT, DELETE');
  });

  test('a reload changes the tokens, and the port is the same', async () => {
    const other = 'another-token-of-the-test';
    const peerStreams = { port: 0, addresses: { [desktop]: [atLoopback(peer.port)] } };
    await streams.gateway.call('reload', { peerStreams: { ...peerStreams, tokens: { a: TOKEN, b: other } } });
    assert.equal(await statusOf(info, { authorization: authorization(other) }), 200);
    await streams.gateway.call('reload', { peerStreams: { ...peerStreams, tokens: { b: other } } });
    assert.equal(await statusOf(info), 401);
    await streams.gateway.call('reload', { peerStreams: { ...peerStreams, tokens: { a: TOKEN } } });
    assert.equal(await statusOf(info), 200);
  });

  test('a port that is taken is the end, or a reload that changes nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    await assert.rejects(startGateway(streamsEnv(pki, {}, { port })), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.exitCode, 71);
      assert.deepEqual(error.problems, [{ path: '$.peerStreams.port', reason: 'is taken' }]);
      return true;
    });
    const reload = streams.gateway.call('reload', { peerStreams: { port, tokens: { a: TOKEN } } });
    await assert.rejects(reload, (error) => error instanceof GatewayError && error.code === -32602);
    assert.equal(await statusOf(info), 200);
    taken.close();
  });

  test('fd 3 that is no listening socket is a problem', async () => {
    await assert.rejects(startGateway(streamsEnv(pki, {}, { port: undefined, fd: 3 })), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.deepEqual(
        error.problems.map(({ path }) => path),
        ['$.peerStreams.fd'],
      );
      return true;
    });
  });

  test('a Unix socket that was passed as fd 3 is a door as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-socket-'));
    const passed = createServer().listen(join(folder, 'made'));
    await new Promise((resolve) => passed.once('listening', resolve));
    // Node removes the path of a socket that it closes.
    renameSync(join(folder, 'made'), join(folder, 'streams'));
    const { fd } = (passed as unknown as { _handle: { fd: number } })._handle;
    const env = streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }, { port: undefined, fd: 3 });
    const gateway = await startGateway(env, { peerStreamsFd: fd });
    passed.close();
    const ask = (host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: authorization(), host };
        http
          .get(
            { socketPath: join(folder, 'streams'), path: info, headers },
            (reply) => void readReply(reply).then(({ status }) => resolve(status), reject),
          )
          .once('error', reject);
      });
    assert.equal(await ask('localhost'), 200);
    assert.equal(await ask('evil.example'), 403);
    assert.equal(await gateway.stop(), 0);
    rmSync(folder, { recursive: true, force: true });
  });
});
