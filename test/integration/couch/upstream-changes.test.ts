// An upstream that comes and goes: the gateway takes it up when it is there, and takes no other for it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { eventually } from '../../kit/until.js';
import { isEvent } from '../../kit/gateway.js';
import { startStreamingUpstream } from '../../kit/streaming-upstream.js';
import { startEmbedded } from '../../kit/upstreams.js';
import { startFor, untilStatus } from './credential-lab.js';

suite('an upstream that comes and goes', () => {
  test('one that is down at the start stops nothing, and is used once it is up', async (t) => {
    const upstream = await startEmbedded();
    t.after(() => upstream.close());
    const login = await upstream.createUser('own');
    const database = await upstream.createDatabase('dmedia-0', { members: [login] });
    await upstream.stop();
    const databases = [{ name: database, access: 'write' }];
    const { gateway, desktop } = await startFor(t, { url: upstream.url, login, databases });
    await gateway.until(isEvent('warning', { code: 'upstream-down' }));
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
    // For a moment there was none at all, which is another warning.
    await eventually(async () => {
      assert.equal((await desktop.ask('GET', '/couch/dmedia-0')).status, 503);
      return gateway.seen.find(isEvent('warning', { code: 'credential', about: 'own' })) ?? null;
    });
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
