import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  createTestHome,
  failureOf,
  isEvent,
  issueDevice,
  linesOf,
  patchcord,
  startUp,
  type Result,
  type TestHome,
} from '../../kit/agent.js';
import { ask, get } from '../../kit/raw-client.js';
import { startEmbedded, startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';

interface Security {
  readonly members: { readonly names?: string[]; readonly roles?: string[] };
  readonly admins: { readonly names?: string[]; readonly roles?: string[] };
}

const stepsOf = ({ stdout }: Result): Record<string, unknown>[] =>
  (linesOf(stdout).find(isEvent('plan')) as unknown as { steps: Record<string, unknown>[] }).steps;

const adminEnv = ({ admin }: TestUpstream): NodeJS.ProcessEnv => ({
  PATCHCORD_COUCHDB_ADMIN: admin.username,
  PATCHCORD_COUCHDB_PASSWORD: admin.password,
});

for (const kind of UPSTREAM_KINDS) {
  describe(`provision with ${kind}`, () => {
    let couch: TestUpstream;
    before(async () => {
      couch = await startUpstream(kind);
    });
    after(() => couch.close());

    /** A home whose policy names databases of this test only; `first` is there, and for administrators only. */
    async function prepare(home: TestHome): Promise<{ first: string; directory: string }> {
      const first = await couch.createDatabase('first', {});
      const directory = await couch.createDatabase('directory', {});
      await couch.ask('PUT', `/${first}/_security`, {
        members: { names: ['someone'], roles: ['_admin'] },
        admins: { names: ['chief'], roles: ['_admin'] },
      });
      const names = [first, directory];
      home.writeConfig({
        couchdb: { url: couch.url },
        directory,
        policy: {
          roles: {
            'own-device': {
              databases: names.map((name) => ({ name, access: 'write' })),
              files: 'all',
              credentials: 'own',
            },
          },
          principals: [{ issuer: 'user', role: 'own-device' }],
        },
      });
      return { first, directory };
    }
    const securityOf = async (database: string) =>
      (await couch.ask('GET', `/${database}/_security`)).body as Security;
    /** Removes what a provision made on a server that others use too. */
    async function forget(home: TestHome): Promise<void> {
      const { own } = JSON.parse(readFileSync(home.paths.credentials, 'utf8')) as {
        own: { basic: { username: string } };
      };
      const path = `/_users/org.couchdb.user:${own.basic.username}`;
      const { body } = await couch.ask('GET', path);
      await couch.ask('DELETE', `${path}?rev=${(body as { _rev: string })._rev}`);
    }

    test('it tells what it will change, changes it once, and nothing else', async (t) => {
      const home = createTestHome(t);
      const { first } = await prepare(home);
      const env = adminEnv(couch);

      const dry = await patchcord(home, ['provision', '--json', '--dry-run'], { env });
      assert.equal(dry.code, 0);
      assert.ok(stepsOf(dry).some((step) => step['step'] === 'admit' && step['database'] === first));
      assert.ok(stepsOf(dry).some((step) => step['step'] === 'set-user' && step['isNew'] === true));
      // What the policy does not have is not made.
      assert.ok(!stepsOf(dry).some((step) => step['database'] === 'dmedia-0'));
      assert.ok(!existsSync(home.paths.credentials));
      assert.ok(!(await securityOf(first)).members.roles?.includes('patchcord:own-device'));

      const unasked = await patchcord(home, ['provision', '--json'], { env });
      assert.equal(unasked.code, 64);
      assert.equal(failureOf(unasked), 'needs-yes');
      assert.ok(!existsSync(home.paths.credentials));

      const done = await patchcord(home, ['provision', '--json', '--yes'], { env });
      assert.equal(done.code, 0);
      assert.deepEqual(await securityOf(first), {
        members: { names: ['someone'], roles: ['_admin', 'patchcord:own-device'] },
        admins: { names: ['chief'], roles: ['_admin'] },
      });
      assert.equal(statSync(home.paths.credentials).mode & 0o777, 0o600);
      if (kind === 'couchdb') {
        const { body } = await couch.ask('GET', '/_node/_local/_config/replicator/startup_jitter');
        assert.equal(body, '0');
      }

      const again = await patchcord(home, ['provision', '--json', '--yes'], { env });
      assert.deepEqual(stepsOf(again), []);
      await forget(home);
    });

    test('a running up has the credentials at once; a user that is lost is made again', async (t) => {
      const home = createTestHome(t);
      const { first } = await prepare(home);
      const env = adminEnv(couch);
      const up = await startUp(home);
      assert.deepEqual(up.ready.couchdb.missingCredentials, ['own']);
      const statusOfFirst = async () =>
        (await ask(up.port, issueDevice(home), get(`/couch/${first}`)))?.status;
      assert.equal(await statusOfFirst(), 403);

      assert.equal((await patchcord(home, ['provision', '--yes'], { env })).code, 0);
      assert.equal(await statusOfFirst(), 200);

      await forget(home);
      const again = await patchcord(home, ['provision', '--json', '--yes'], { env });
      assert.deepEqual(
        stepsOf(again).map(({ step, isNew }) => ({ step, isNew })),
        [{ step: 'set-user', isNew: true }],
      );
      assert.equal(await statusOfFirst(), 200);
      await forget(home);
    });

    test('a public database is closed only when that was said', async (t) => {
      const home = createTestHome(t);
      const { first } = await prepare(home);
      await couch.ask('PUT', `/${first}/_security`, { members: {}, admins: {} });
      const env = adminEnv(couch);
      const dry = await patchcord(home, ['provision', '--dry-run'], { env });
      assert.ok(dry.stdout.includes('CLOSES'));
      assert.deepEqual((await securityOf(first)).members.roles ?? [], []);
    });

    test('who is no administrator is refused, with nothing changed and no password told', async (t) => {
      const home = createTestHome(t);
      await prepare(home);
      const { username, password } = await couch.createUser('someone');
      const someone = { PATCHCORD_COUCHDB_ADMIN: username, PATCHCORD_COUCHDB_PASSWORD: password };
      const refused = await patchcord(home, ['provision', '--json', '--yes'], { env: someone });
      assert.equal(refused.code, 77);
      assert.equal(failureOf(refused), 'not-admin');

      const wrong = { PATCHCORD_COUCHDB_ADMIN: username, PATCHCORD_COUCHDB_PASSWORD: 'wrong-of-the-test' };
      const unknown = await patchcord(home, ['provision', '--json', '--yes'], { env: wrong });
      assert.equal(unknown.code, 77);
      for (const secret of [password, 'wrong-of-the-test'])
        assert.ok(!`${refused.stdout}${refused.stderr}${unknown.stdout}${unknown.stderr}`.includes(secret));
      assert.ok(!existsSync(home.paths.credentials));

      const nobody = await patchcord(home, ['provision', '--json', '--yes']);
      assert.equal(nobody.code, 77);
      assert.equal(failureOf(nobody), 'no-admin');
    });
  });
}

test('the embedded server is provisioned by up: there is nothing to change', async (t) => {
  const home = createTestHome(t);
  const away = await patchcord(home, ['provision', '--json']);
  assert.equal(away.code, 69);
  assert.equal(failureOf(away), 'not-up');

  await startUp(home);
  const done = await patchcord(home, ['provision', '--json', '--yes']);
  assert.equal(done.code, 0);
  assert.deepEqual(stepsOf(done), []);
});

test('on an empty CouchDB the first databases are made, closed to others', async (t) => {
  const couch = await startEmbedded();
  t.after(() => couch.close());
  const home = createTestHome(t);
  home.writeConfig({ couchdb: { url: couch.url, admin: couch.admin } });
  assert.equal((await patchcord(home, ['provision', '--yes'])).code, 0);
  const up = await startUp(home);
  assert.deepEqual(up.ready.couchdb.databases, ['dmedia-0', 'patchcord']);
  for (const database of ['dmedia-0', 'patchcord']) {
    assert.equal((await ask(up.port, issueDevice(home), get(`/couch/${database}`)))?.status, 200);
    assert.equal((await fetch(new URL(database, couch.url))).status, 401);
  }
});

test('a CouchDB that is away is told', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({
    couchdb: { url: 'http://127.0.0.1:9/', admin: { username: 'root', password: 'secret-of-the-test' } },
  });
  const { code, stdout } = await patchcord(home, ['provision', '--json', '--yes']);
  assert.equal(code, 69);
  assert.ok(!stdout.includes('secret-of-the-test'));
});
