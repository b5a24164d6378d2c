// The credentials that the gateway uses: limited ones, checked before first use and whenever the upstream may have
// become another. Until they passed, a role has no /couch; what a peer gets is never the upstream's 401.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { before, suite, test, type TestContext } from 'node:test';
import { GatewayError } from '../../../dist/index.js';
import { createEnding } from '../../kit/ending.js';
import { isEvent } from '../../kit/gateway.js';
import { couchdbOf, startCouchGateway, type CouchGateway, type CouchPlan } from '../../kit/household.js';
import type { Peer } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import { startStreamingUpstream, type StreamingUpstream } from '../../kit/streaming-upstream.js';
import {
  basicOf,
  startEmbedded,
  startUpstream,
  UPSTREAM_KINDS,
  type Login,
  type TestUpstream,
} from '../../kit/upstreams.js';

const pki = createTestPki();
const EX_CONFIG = 78;
const POLL_MS = 50;

async function startFor(t: TestContext, plan: Omit<CouchPlan, 'pki'>) {
  const through = await startCouchGateway({ pki, ...plan });
  t.after(() => through.stop());
  return { ...through, desktop: through.peer(pki.ada.desktop) };
}

/** How an env ends that must not be served: before `ready`, or soon after where the upstream was slow. */
async function fatalEnd(plan: Omit<CouchPlan, 'pki'>): Promise<number | null> {
  const started = await startCouchGateway({ pki, ...plan }).catch((error: unknown) => error);
  if (!(started instanceof GatewayError)) return untilExit(started as CouchGateway);
  assert.deepEqual(
    started.problems.map(({ path }) => path),
    ['$.couchdb.credentials.own'],
  );
  return started.exitCode;
}

const untilExit = ({ gateway, peer }: CouchGateway): Promise<number | null> =>
  askUntil(peer(pki.ada.desktop), '/couch/dmedia-0', gateway.exited);

/** Asks again and again, so that credentials are checked, until something has happened. */
async function askUntil<T>(peer: Peer, path: string, happened: Promise<T>): Promise<T> {
  const over = new AbortController();
  void happened.finally(() => over.abort());
  while (!over.signal.aborted) {
    await Promise.race([peer.ask('GET', path).catch(() => undefined), happened]);
    await delay(POLL_MS);
  }
  return happened;
}

/** Asks until the answer has this status: for what is mended a little later. */
async function untilStatus(peer: Peer, path: string, status: number): Promise<void> {
  while ((await peer.ask('GET', path)).status !== status) await delay(POLL_MS);
}

for (const kind of UPSTREAM_KINDS) {
  suite(`limited credentials (${kind})`, () => {
    const ending = createEnding();
    let upstream: TestUpstream;
    let login: Login;
    let database: string;
    let databases: readonly object[];

    before(async () => {
      upstream = await startUpstream(kind);
      ending.add(() => upstream.close());
      login = await upstream.createUser('own');
      database = await upstream.createDatabase('dmedia-0', { members: [login] });
      databases = [{ name: database, access: 'write' }];
    });

    test('a server administrator is fatal, at the start and by reload', async (t) => {
      const administrator = { url: upstream.url, login: upstream.admin };
      assert.equal(await fatalEnd({ ...administrator, databases }), EX_CONFIG);
      const through = await startFor(t, { url: upstream.url, login, databases });
      // It ends while it answers, or right after.
      void through.gateway.call('reload', { couchdb: couchdbOf(administrator) }).catch(() => undefined);
      assert.equal(await untilExit(through), EX_CONFIG);
    });

    test('a wrong password leaves the role without /couch, until a reload mends it', async (t) => {
      const wrong = { ...login, password: 'another' };
      const { gateway, desktop } = await startFor(t, { url: upstream.url, login: wrong, databases });
      await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
      const refused = await desktop.ask('GET', `/couch/${database}`);
      assert.equal(refused.status, 503);
      assert.equal((refused.json() as { error: string }).error, 'service_unavailable');
      await gateway.call('reload', { couchdb: couchdbOf({ url: upstream.url, login }) });
      await untilStatus(desktop, `/couch/${database}`, 200);
    });

    test('an administrator of a database serves only a role that may change design documents', async (t) => {
      const curator = await upstream.createUser('curator');
      const curated = await upstream.createDatabase('dmedia-0', { admins: [curator] });
      const plan = { url: upstream.url, login: curator };
      const grant = { name: curated, access: 'write' };
      const without = await startFor(t, { ...plan, databases: [grant] });
      const told = without.gateway.until(isEvent('warning', { code: 'database-admin', about: 'own-device' }));
      await askUntil(without.desktop, `/couch/${curated}`, told);
      assert.equal((await without.desktop.ask('GET', `/couch/${curated}`)).status, 503);
      const allowed = await startFor(t, { ...plan, databases: [{ ...grant, design: true }] });
      await untilStatus(allowed.desktop, `/couch/${curated}`, 200);
    });

    test('a password that changes under way is no 401 to the peer, and works again after a reload', async (t) => {
      const { gateway, desktop } = await startFor(t, { url: upstream.url, login, databases });
      await untilStatus(desktop, `/couch/${database}`, 200);
      await upstream.setPassword(login, 'another for a while');
      assert.equal((await desktop.ask('GET', `/couch/${database}`)).status, 502);
      await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
      assert.equal((await desktop.ask('GET', `/couch/${database}`)).status, 503);
      await upstream.setPassword(login, login.password);
      await gateway.call('reload', { couchdb: couchdbOf({ url: upstream.url, login }) });
      await untilStatus(desktop, `/couch/${database}`, 200);
    });

    test('a validation that throws "unauthorized" is 403 to the peer', async (t) => {
      const validate = 'function (doc) { if (doc.secret) throw { unauthorized: "not yours" }; }';
      const guard = { _id: '_design/guard', validate_doc_update: validate };
      assert.equal((await upstream.ask('PUT', `/${database}/_design/guard`, guard)).status, 201);
      const { desktop } = await startFor(t, { url: upstream.url, login, databases });
      const put = (body: object) => desktop.ask('PUT', `/couch/${database}/guarded`, { body });
      assert.equal((await put({ secret: true })).status, 403);
      assert.equal((await put({})).status, 201);
    });
  });
}

suite('an upstream that comes and goes', () => {
  test('one that is down at the start stops nothing, and is used once it is up', async (t) => {
    const upstream = await startEmbedded();
    t.after(() => upstream.close());
    const login = await upstream.createUser('own');
    const database = await upstream.createDatabase('dmedia-0', { members: [login] });
    await upstream.stop();
    const databases = [{ name: database, access: 'write' }];
    const { gateway, desktop } = await startFor(t, { url: upstream.url, login, databases });
    await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
    await untilStatus(desktop, '/', 200);
    assert.equal((await desktop.ask('GET', '/couch/_up')).status, 503);
    assert.equal((await desktop.ask('GET', `/couch/${database}`)).status, 503);
    await upstream.start();
    await untilStatus(desktop, `/couch/${database}`, 200);
  });

  test('a restart cuts its feeds, and what is asked afterwards works', async (t) => {
    const upstream = await startEmbedded();
    t.after(() => upstream.close());
    const login = await upstream.createUser('own');
    const database = await upstream.createDatabase('dmedia-0', { members: [login] });
    const databases = [{ name: database, access: 'write' }];
    const { desktop } = await startFor(t, { url: upstream.url, login, databases });
    assert.equal((await desktop.ask('PUT', `/couch/${database}/before`, { body: {} })).status, 201);
    const feed = await desktop.open('GET', `/couch/${database}/_changes?feed=continuous&heartbeat=1000`);
    const cut = once(feed.resume(), 'error');
    await upstream.restart();
    await cut;
    await untilStatus(desktop, `/couch/${database}/before`, 200);
    assert.equal((await desktop.ask('PUT', `/couch/${database}/after`, { body: {} })).status, 201);
  });

  test('another server on the same port gets no request before it has named the user', async (t) => {
    const login = { username: 'patchcord-own', password: 'own-password-of-the-test' };
    const databases = [{ name: 'dmedia-0', access: 'write' }];
    const first = await startStreamingUpstream();
    const { gateway, desktop } = await startFor(t, { url: first.url, login, databases });
    await untilStatus(desktop, '/couch/dmedia-0', 200);
    await first.close();
    const second = await startStreamingUpstream(first.port);
    t.after(() => second.close());
    const asked: (string | undefined)[] = [];
    second.whoIs = () => ({ name: 'somebody-else', roles: [] });
    second.handle = ({ url }, response) => {
      asked.push(url);
      response.end('{}');
    };
    assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
    await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
    assert.deepEqual(asked, []);
    second.whoIs = () => ({ name: login.username, roles: [] });
    await untilStatus(desktop, '/couch/dmedia-0', 200);
    assert.deepEqual(asked, ['/dmedia-0']);
  });

  test('nor where no connection was open while it took the place of the other', async (t) => {
    const login = { username: 'patchcord-own', password: 'own-password-of-the-test' };
    const databases = [{ name: 'dmedia-0', access: 'write' }];
    const first = await startStreamingUpstream();
    const { desktop } = await startFor(t, { url: first.url, login, databases });
    const closed = new Promise((resolve) => {
      first.handle = ({ socket }, response) => {
        socket.once('close', resolve);
        // The gateway, not the server, closes a connection that has nothing to do.
        response.writeHead(200, { connection: 'keep-alive', 'keep-alive': 'timeout=1' }).end('{}');
      };
    });
    await untilStatus(desktop, '/couch/dmedia-0', 200);
    await closed;
    await first.close();
    const second = await startStreamingUpstream(first.port);
    t.after(() => second.close());
    second.whoIs = () => ({ name: 'somebody-else', roles: [] });
    assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
  });
});

suite('other kinds of credentials', () => {
  const databases = [{ name: 'dmedia-0', access: 'read' }];
  const tokenFor = (claims: object): string =>
    ['{"alg":"HS256"}', JSON.stringify(claims), 'no signature that anyone checks here']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const TOKEN = tokenFor({ sub: 'patchcord-own', exp: 4_102_444_800 });

  async function playedUpstream(t: TestContext): Promise<StreamingUpstream> {
    const upstream = await startStreamingUpstream();
    t.after(() => upstream.close());
    return upstream;
  }

  test('a refused credential is not asked about again and again: CouchDB would lock the account', async (t) => {
    const upstream = await playedUpstream(t);
    let asked = 0;
    upstream.whoIs = () => {
      asked += 1;
      return null;
    };
    const login = { username: 'patchcord-own', password: 'mistyped' };
    const { desktop } = await startFor(t, { url: upstream.url, login, databases });
    for (let request = 0; request < 50; request++) {
      assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
      await delay(POLL_MS);
    }
    assert.equal(asked, 1);
  });

  test('a request goes up with the credential that was checked for it, though a reload came between', async (t) => {
    const upstream = await playedUpstream(t);
    const [login, next] = ['patchcord-own', 'patchcord-next'].map((username) => ({
      username,
      password: 'x',
    }));
    assert.ok(login !== undefined && next !== undefined);
    const sent: (string | undefined)[] = [];
    upstream.whoIs = (authorization) => ({
      name: authorization === basicOf(login) ? login.username : 'somebody-else',
      roles: [],
    });
    upstream.handle = ({ headers }, response) => {
      sent.push(headers.authorization);
      response.end('{}');
    };
    const { gateway, desktop } = await startFor(t, { url: upstream.url, login, databases });
    const request = httpsRequest({
      host: '::1',
      port: desktop.port,
      agent: desktop.agent,
      method: 'POST',
      path: '/couch/dmedia-0/_revs_diff',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    request.flushHeaders();
    // Its body is wanted only once the credential has passed.
    await once(request, 'continue');
    await gateway.call('reload', { couchdb: couchdbOf({ url: upstream.url, login: next }) });
    request.end('{}');
    await once(request, 'response');
    assert.deepEqual(sent, [basicOf(login)]);
    assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
  });

  test('a token is sent as it is, and has to be that of its subject', async (t) => {
    const upstream = await playedUpstream(t);
    const sent: (string | undefined)[] = [];
    upstream.whoIs = () => ({ name: 'patchcord-own', roles: [] });
    upstream.handle = ({ headers }, response) => {
      sent.push(headers.authorization);
      response.end('{}');
    };
    const good = await startFor(t, { url: upstream.url, credential: { jwt: { token: TOKEN } }, databases });
    await untilStatus(good.desktop, '/couch/dmedia-0', 200);
    assert.deepEqual(sent, [`Bearer ${TOKEN}`]);
    const token = tokenFor({ sub: 'somebody-else' });
    const bad = await startFor(t, { url: upstream.url, credential: { jwt: { token } }, databases });
    assert.equal((await bad.desktop.ask('GET', '/couch/dmedia-0')).status, 503);
    assert.equal(sent.length, 1);
  });

  test('a token that has run out is 503 until a reload brings the next', async (t) => {
    const upstream = await playedUpstream(t);
    upstream.whoIs = (authorization) =>
      authorization === `Bearer ${TOKEN}` ? { name: 'patchcord-own', roles: [] } : null;
    const plan = { url: upstream.url, databases };
    const old = { jwt: { token: tokenFor({ sub: 'patchcord-own', exp: 1 }) } };
    const { gateway, desktop } = await startFor(t, { ...plan, credential: old });
    await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
    assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
    const couchdb = couchdbOf({ url: upstream.url, credential: { jwt: { token: TOKEN } } });
    await gateway.call('reload', { couchdb });
    await untilStatus(desktop, '/couch/dmedia-0', 200);
  });

  test('"none" is nobody, and an upstream where nobody is an administrator is fatal', async (t) => {
    const upstream = await playedUpstream(t);
    let sent: string | undefined = 'nothing yet';
    upstream.whoIs = () => ({ name: null, roles: [] });
    upstream.handle = ({ headers }, response) => {
      sent = headers.authorization;
      response.end('{}');
    };
    const plan = { url: upstream.url, databases, credential: { none: {} } };
    const { desktop } = await startFor(t, plan);
    await untilStatus(desktop, '/couch/dmedia-0', 200);
    assert.equal(sent, undefined);
    upstream.whoIs = () => ({ name: null, roles: ['_admin'] });
    assert.equal(await fatalEnd(plan), EX_CONFIG);
  });
});
