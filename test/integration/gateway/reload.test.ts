// A reload: what it no longer permits is cut within a second, open feeds included, and everything else goes on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createEnv, tlsOf } from '../../kit/env.js';
import { isEvent, startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki, type TestLeaf } from '../../kit/pki.js';
import { ask, connectRaw, get, parseReply, type RawClient } from '../../kit/raw-client.js';
import { jsonReply, startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';

const pki = createTestPki();
const { ada, grace } = pki;
const FEED_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const CUT_WITHIN_MS = 1000;
const isFeed = (target: string): boolean => target.includes('feed=continuous');

let upstream: RecordingUpstream;
let gateway: TestGateway;
let env: ReturnType<typeof createEnv>;

before(async () => {
  upstream = await startRecordingUpstream();
  upstream.answer = ({ target }) =>
    target.includes('feed=continuous') ? FEED_HEAD : jsonReply(200, { ok: true });
  env = createEnv({ pki, couchUrl: upstream.url });
  gateway = await startGateway(env);
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await upstream.close();
});

/** An open feed, seen to be open. */
async function openFeed(leaf: TestLeaf, database: string): Promise<RawClient> {
  const client = connectRaw(gateway.port, tlsOf(leaf));
  client.write(get(`/couch/${database}/_changes?feed=continuous&heartbeat=1000`));
  const head = await client.until((bytes) => bytes.includes('\r\n\r\n'));
  assert.match(head.toString('latin1'), /^HTTP\/1\.1 200 /);
  return client;
}

/** Whether what the upstream says on its open feeds still arrives. */
async function isOpen(client: RawClient): Promise<boolean> {
  const before = client.received().length;
  for (const { target, socket } of upstream.requests) {
    if (isFeed(target) && !socket.destroyed) socket.write('1\r\n\n\r\n');
  }
  await client.until((bytes) => bytes.length > before);
  return client.received().length > before;
}

async function isCut(client: RawClient, since: number): Promise<void> {
  await client.closed;
  assert.ok(performance.now() - since < CUT_WITHIN_MS);
}

const reset = (): Promise<unknown> =>
  gateway.call('reload', { trust: env.trust, policy: env.policy, couchdb: env.couchdb });

describe('a reload', () => {
  test('that revokes a device cuts its feed and its idle connections; others go on', async () => {
    const revoked = await openFeed(ada.desktop, 'dmedia-0');
    const idle = connectRaw(gateway.port, tlsOf(ada.desktop));
    idle.write(get('/'));
    await idle.until((bytes) => parseReply(bytes) !== null);
    const other = await openFeed(ada.camera, 'dmedia-0');
    const since = performance.now();
    await gateway.call('reload', { trust: { ...env.trust, revoked: [`device:${ada.desktop.deviceId}`] } });
    await Promise.all([isCut(revoked, since), isCut(idle, since)]);
    assert.ok(await isOpen(other));
    other.socket.destroy();
    await reset();
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), get('/')))?.status, 200);
  });

  test('that drops a CA cuts its devices', async () => {
    const dropped = await openFeed(grace.laptop, 'dmedia-0-novel');
    const own = await openFeed(ada.camera, 'dmedia-0-novel');
    const since = performance.now();
    await gateway.call('reload', {
      trust: { cas: { user: env.trust.cas['user'] } },
      policy: { ...env.policy, principals: [env.policy.principals[0]] },
    });
    await isCut(dropped, since);
    assert.ok(await isOpen(own));
    own.socket.destroy();
    await reset();
  });

  test('that narrows a role cuts the feed that it no longer grants, and no other of the same role', async () => {
    const novel = await openFeed(grace.laptop, 'dmedia-0-novel');
    const other = await openFeed(grace.laptop, 'novacut-0-novel');
    const since = performance.now();
    const crew = {
      databases: [{ name: 'novacut-0-novel', access: 'read' }],
      files: 'none',
      credentials: 'novel',
    };
    await gateway.call('reload', {
      policy: { ...env.policy, roles: { ...env.policy.roles, 'novel-crew': crew } },
    });
    await isCut(novel, since);
    assert.ok(await isOpen(other));
    other.socket.destroy();
    const refused = await ask(gateway.port, tlsOf(grace.laptop), get('/couch/dmedia-0-novel'));
    assert.equal(refused?.status, 403);
    await reset();
    assert.equal((await ask(gateway.port, tlsOf(grace.laptop), get('/couch/dmedia-0-novel')))?.status, 200);
  });

  test('of the same again, or of a longer list of databases, cuts nothing', async () => {
    const feed = await openFeed(ada.desktop, 'dmedia-0');
    await reset();
    await gateway.call('reload', { couchdb: { ...env.couchdb, databases: ['dmedia-0', 'dmedia-0-new'] } });
    assert.ok(await isOpen(feed));
    const all = await ask(gateway.port, tlsOf(ada.desktop), get('/couch/_all_dbs'));
    assert.deepEqual(JSON.parse(String(all?.body)), ['dmedia-0', 'dmedia-0-new']);
    feed.socket.destroy();
    await reset();
  });

  test('of the credentials is what the next request goes up with', async () => {
    const credentials = {
      ...env.couchdb.credentials,
      own: { basic: { username: 'patchcord-own', password: 'renewed' } },
    };
    await gateway.call('reload', { couchdb: { ...env.couchdb, credentials } });
    upstream.requests.length = 0;
    await ask(gateway.port, tlsOf(ada.desktop), get('/couch/dmedia-0'));
    const expected = `Basic ${Buffer.from('patchcord-own:renewed').toString('base64')}`;
    assert.deepEqual(upstream.requests[0]?.headers.get('authorization'), [expected]);
    await reset();
  });

  test('of the identity is what the next handshake shows', async () => {
    const identity = {
      ...env.identity,
      deviceId: ada.camera.deviceId,
      cert: ada.camera.certPem,
      key: ada.camera.keyPem,
    };
    const shown = async (): Promise<string | undefined> => {
      const client = connectRaw(gateway.port, tlsOf(ada.desktop));
      await new Promise((resolve) => client.socket.once('secureConnect', resolve));
      const subject = client.socket.getPeerX509Certificate()?.subject;
      client.socket.destroy();
      return subject;
    };
    await gateway.call('reload', { identity });
    assert.equal(await shown(), `CN=${ada.camera.deviceId}`);
    await gateway.call('reload', { identity: env.identity });
    assert.equal(await shown(), `CN=${ada.laptop.deviceId}`);
  });

  test('of the limits holds for the next connection', async () => {
    const padded = `GET / HTTP/1.1\r\nHost: x\r\nPadding: ${'x'.repeat(2000)}\r\n\r\n`;
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), padded))?.status, 200);
    await gateway.call('reload', { limits: { headerBytes: 1024 } });
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), padded))?.status, 431);
    await gateway.call('reload', { limits: {} });
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), padded))?.status, 200);
  });

  test('of listen moves the listener; a port that is taken changes nothing', async () => {
    const feed = await openFeed(ada.desktop, 'dmedia-0');
    const other = await startGateway(env);
    await assert.rejects(gateway.call('reload', { listen: { on: 'loopback', port: other.port } }), {
      code: -32602,
      problems: [{ path: '$.listen.port', reason: 'is taken' }],
    });
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), get('/')))?.status, 200);
    assert.equal(await other.stop(), 0);
    await gateway.call('reload', { listen: { on: 'loopback', port: other.port } });
    await gateway.until(isEvent('unlistening', { port: gateway.port }));
    assert.equal((await ask(other.port, tlsOf(ada.desktop), get('/')))?.status, 200);
    assert.equal(await ask(gateway.port, tlsOf(ada.desktop), get('/')), null);
    assert.ok(await isOpen(feed));
    feed.socket.destroy();
    await gateway.call('reload', { listen: { on: 'loopback', port: gateway.port } });
  });
});
