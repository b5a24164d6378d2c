// Credentials of each kind, held against who the upstream says that they are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { suite, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isEvent } from '../../kit/gateway.js';
import { couchdbOf } from '../../kit/household.js';
import { startStreamingUpstream, type StreamingUpstream } from '../../kit/streaming-upstream.js';
import { basicOf } from '../../kit/upstreams.js';
import { EX_CONFIG, fatalEnd, POLL_MS, startFor, untilStatus } from './credential-lab.js';

suite('kinds of credentials', () => {
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
