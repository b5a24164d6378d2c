// The credentials that the gateway uses are limited ones. Until one has passed its checks, its roles have no /couch;
// and what a peer gets is never the upstream's 401.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { isEvent } from '../../kit/gateway.js';
import { couchdbOf } from '../../kit/household.js';
import { startUpstream, UPSTREAM_KINDS, type Login, type TestUpstream } from '../../kit/upstreams.js';
import { askUntil, EX_CONFIG, fatalEnd, startFor, untilExit, untilStatus } from './credential-lab.js';

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

    test('a password that changes under way is no 401 to the peer; another user works after a reload', async (t) => {
      const [first, second] = [await upstream.createUser('first'), await upstream.createUser('second')];
      const shared = await upstream.createDatabase('dmedia-0', { members: [first, second] });
      const grants = [{ name: shared, access: 'write' }];
      const { gateway, desktop } = await startFor(t, { url: upstream.url, login: first, databases: grants });
      await untilStatus(desktop, `/couch/${shared}`, 200);
      await upstream.setPassword(first, 'another');
      // CouchDB remembers users for a moment.
      await untilStatus(desktop, `/couch/${shared}`, 502);
      await gateway.until(isEvent('warning', { code: 'credential', about: 'own' }));
      assert.equal((await desktop.ask('GET', `/couch/${shared}`)).status, 503);
      await gateway.call('reload', { couchdb: couchdbOf({ url: upstream.url, login: second }) });
      await untilStatus(desktop, `/couch/${shared}`, 200);
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
