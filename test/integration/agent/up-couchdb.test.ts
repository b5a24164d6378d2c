// `up` in front of a CouchDB that the configuration names: the embedded server, started by the test, stands for one,
// and a real one too where there is one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { AgentStatus } from '../../../dist/agent/status/status.js';
import {
  createTestHome,
  failureOf,
  isEvent,
  issueDevice,
  linesOf,
  patchcord,
  startUp,
  type TestHome,
} from '../../kit/agent.js';
import { ask, get } from '../../kit/raw-client.js';
import { startEmbedded, startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';

function writeCredentials(home: TestHome, credentials: unknown, mode = 0o600): void {
  mkdirSync(home.paths.home, { recursive: true, mode: 0o700 });
  writeFileSync(home.paths.credentials, JSON.stringify(credentials));
  chmodSync(home.paths.credentials, mode);
}

const policyFor = (databases: readonly string[]) => ({
  roles: {
    'own-device': {
      databases: databases.map((name) => ({ name, access: 'write' })),
      files: 'all',
      credentials: 'own',
    },
  },
  principals: [{ issuer: 'user', role: 'own-device' }],
});

test('a CouchDB that takes connections and says nothing holds up neither the start nor status', async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const home = createTestHome(t);
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  home.writeConfig({ couchdb: { url, admin: { username: 'admin', password: 'a word' } } });
  await startUp(home);
  t.after(() => silent.close());
  const { code, stdout } = await patchcord(home, ['status', '--json']);
  assert.equal(code, 0, stdout);
  const [status] = linesOf(stdout) as unknown as [AgentStatus];
  assert.equal(status.couchdb.version, null);
});

for (const kind of UPSTREAM_KINDS) {
  describe(`up with ${kind}`, () => {
    let couch: TestUpstream;
    before(async () => {
      couch = await startUpstream(kind);
    });
    after(() => couch.close());

    test('without limited credentials it says so and serves no database; with them it does', async (t) => {
      const home = createTestHome(t);
      const member = await couch.createUser('own');
      const database = await couch.createDatabase('dmedia-0', { members: [member] });
      home.writeConfig({ couchdb: { url: couch.url } });

      const without = await startUp(home);
      assert.deepEqual(without.ready.couchdb.missingCredentials, ['own']);
      const device = issueDevice(home);
      assert.equal((await ask(without.port, device, get(`/couch/${database}`)))?.status, 403);
      assert.equal((await ask(without.port, device, get('/')))?.status, 200);
      without.kill('SIGTERM');
      assert.equal((await without.ended).code, 0);

      writeCredentials(home, { own: { basic: member } });
      const up = await startUp(home);
      assert.deepEqual(up.ready.couchdb.missingCredentials, []);
      assert.equal((await ask(up.port, device, get(`/couch/${database}`)))?.status, 200);
      up.kill('SIGTERM');
      assert.equal((await up.ended).code, 0);
    });

    test('a database that appears is let into and served, without a restart', async (t) => {
      const home = createTestHome(t);
      const member = await couch.createUser('own');
      const first = await couch.createDatabase('first', { members: [member] });
      const later = first.replace('first', 'later');
      home.writeConfig({
        couchdb: { url: couch.url, admin: couch.admin },
        policy: policyFor([first, later]),
      });
      writeCredentials(home, { own: { basic: member } });
      const up = await startUp(home);
      const device = issueDevice(home);
      const list = async () =>
        JSON.parse((await ask(up.port, device, get('/couch/_all_dbs')))?.body.toString() ?? '') as string[];
      assert.deepEqual(await list(), [first]);

      await couch.ask('PUT', `/${later}`);
      await up.untilLine(
        (line) => isEvent('databases')(line) && (line['databases'] as string[]).includes(later),
      );
      assert.deepEqual(await list(), [first, later]);
      const { body } = await couch.ask('GET', `/${later}/_security`);
      assert.ok((body as { members: { roles: string[] } }).members.roles.includes('patchcord:own-device'));

      await couch.ask('DELETE', `/${later}`);
      await up.untilLine(
        (line) => isEvent('databases')(line) && !(line['databases'] as string[]).includes(later),
      );
      assert.deepEqual(await list(), [first]);
      up.kill('SIGTERM');
      assert.equal((await up.ended).code, 0);
    });

    // The embedded server has one administrator for as long as it runs.
    if (kind === 'couchdb') {
      test('an administrator who is refused is told, and told again when it is good', async (t) => {
        const home = createTestHome(t);
        const [path, password] = [
          '/_node/_local/_config/admins/patchcord-test-chief',
          'password-of-the-test',
        ];
        t.after(() => couch.ask('DELETE', path));
        await couch.ask('PUT', path, password);
        const admin = { username: 'patchcord-test-chief', password };
        home.writeConfig({ couchdb: { url: couch.url, admin } });
        const up = await startUp(home);
        await couch.ask('PUT', path, 'another-password-of-the-test');
        await up.untilLine(isEvent('couchdb-admin-refused'));
        await couch.ask('PUT', path, password);
        await up.untilLine(isEvent('couchdb-back'));
        up.kill('SIGTERM');
        assert.equal((await up.ended).code, 0);
      });
    }

    test('a server administrator is no limited credential', async (t) => {
      const home = createTestHome(t);
      home.writeConfig({ couchdb: { url: couch.url } });
      writeCredentials(home, { own: { basic: couch.admin } });
      const { code, stdout } = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
      assert.equal(code, 78);
      assert.ok(!stdout.includes(couch.admin.password));
    });
  });
}

test('a CouchDB that is away does not stop the start, and is noticed when it is back', async (t) => {
  const couch = await startEmbedded();
  t.after(() => couch.close());
  const member = await couch.createUser('own');
  const database = await couch.createDatabase('dmedia-0', { members: [member] });
  const home = createTestHome(t);
  home.writeConfig({ couchdb: { url: couch.url, admin: couch.admin } });
  writeCredentials(home, { own: { basic: member } });

  await couch.stop();
  const up = await startUp(home);
  assert.equal(up.ready.couchdb.databases, null);
  await up.untilLine(isEvent('couchdb-lost'));
  await couch.start();
  await up.untilLine(isEvent('databases'));
  assert.equal((await ask(up.port, issueDevice(home), get(`/couch/${database}`)))?.status, 200);
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
});

test('without an administrator it says what that means, everywhere; with one there is nothing to say', async (t) => {
  const couch = await startEmbedded();
  t.after(() => couch.close());
  const member = await couch.createUser('own');
  await couch.createDatabase('dmedia-0', { members: [member] });
  const home = createTestHome(t);
  home.writeConfig({ couchdb: { url: couch.url } });
  writeCredentials(home, { own: { basic: member } });
  const admin = {
    PATCHCORD_COUCHDB_ADMIN: couch.admin.username,
    PATCHCORD_COUCHDB_PASSWORD: couch.admin.password,
  };
  for (const env of [{}, admin]) {
    const isTold = env !== admin;
    const up = await startUp(home, [], { env });
    assert.equal((up.ready.couchdb as { hasAdmin?: boolean }).hasAdmin, !isTold);
    const [status] = linesOf((await patchcord(home, ['status', '--json'])).stdout);
    const warnings = status?.['warnings'] as { code: string }[];
    assert.equal(
      warnings.some(({ code }) => code === 'no-couchdb-admin'),
      isTold,
    );
    const findings = linesOf((await patchcord(home, ['doctor', '--json'], { env })).stdout);
    assert.equal(
      findings.some(({ check }) => check === 'admin'),
      isTold,
    );
    if (isTold) {
      await couch.stop();
      await up.untilLine(isEvent('couchdb-lost'));
      await couch.start();
      await up.untilLine(isEvent('couchdb-back'));
    }
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  }
});

test('passwords that others can read are refused', async (t) => {
  const home = createTestHome(t);
  const couchdb = {
    url: 'http://127.0.0.1:9/',
    admin: { username: 'admin', password: 'secret-of-the-test' },
  };
  home.writeConfig({ couchdb }, 0o644);
  const open = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(open.code, 78);
  assert.ok(!open.stdout.includes('secret-of-the-test'));

  home.writeConfig({ couchdb }, 0o600);
  writeCredentials(home, { own: { basic: { username: 'own', password: 'secret-of-the-test' } } }, 0o644);
  const readable = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(failureOf(readable), 'wrong-mode');
  assert.ok(!readable.stdout.includes('secret-of-the-test'));

  chmodSync(home.paths.credentials, 0o600);
  const up = await startUp(home);
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
});
