// What a command does at a terminal, and only there: it asks, draws a bar, and has colours.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTestHome, patchcord, startPatchcord, startUp, type TestHome } from '../../kit/agent.js';
import { screenOf } from '../../kit/screen.js';
import { startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';

const TERMINAL = { terminal: true, env: { TERM: 'xterm' } } as const;
const ESCAPE = '\u001b';
const CTRL_C = '\u0003';
/** As cli-progress draws it. */
const BAR = /={24} 100 %.*left/;

for (const kind of UPSTREAM_KINDS) {
  describe(`provision at a terminal, with ${kind}`, () => {
    let couch: TestUpstream;
    let database: string;
    before(async () => {
      couch = await startUpstream(kind);
      database = await couch.createDatabase('asked', {});
      await couch.ask('PUT', `/${database}/_security`, { members: { roles: ['_admin'] } });
    });
    after(() => couch.close());

    function prepare(home: TestHome): void {
      const databases = [{ name: database, access: 'write' }];
      home.writeConfig({
        couchdb: { url: couch.url },
        directory: database,
        policy: {
          roles: { 'own-device': { databases, files: 'all', credentials: 'own' } },
          principals: [{ issuer: 'user', role: 'own-device' }],
        },
      });
    }
    const securityOf = async (): Promise<string> =>
      JSON.stringify((await couch.ask('GET', `/${database}/_security`)).body);

    /** Types name and password where they are asked for. */
    async function signIn(home: TestHome, password: string) {
      const command = startPatchcord(home, ['provision'], TERMINAL);
      await command.untilText('administrator: ');
      command.type(`${couch.admin.username}\r`);
      await command.untilText('Password: ');
      command.type(`${password}\r`);
      return command;
    }

    test('it asks who the administrator is, shows what it would do, and takes no for an answer', async (t) => {
      const home = createTestHome(t);
      prepare(home);
      const before = await securityOf();
      for (const answer of ['n\r', '\r', CTRL_C]) {
        const command = await signIn(home, couch.admin.password);
        await command.untilText('[y/N] ');
        assert.ok(command.stdout().includes(database));
        command.type(answer);
        assert.equal((await command.ended).code, answer === CTRL_C ? 130 : 1);
        assert.ok(!command.stdout().includes(couch.admin.password), 'the password was shown');
        assert.equal(await securityOf(), before);
        assert.ok(!existsSync(home.paths.credentials));
      }
    });

    test('and does it when it is told to', async (t) => {
      const home = createTestHome(t);
      prepare(home);
      const command = await signIn(home, couch.admin.password);
      await command.untilText('[y/N] ');
      command.type('y\r');
      // What `up` needs of it, it keeps for this user alone.
      await command.untilText(home.paths.config);
      command.type('y\r');
      assert.equal((await command.ended).code, 0);
      assert.ok((await securityOf()).includes('patchcord:own-device'));
      assert.equal(statSync(home.paths.config).mode & 0o777, 0o600);
      const { couchdb } = JSON.parse(readFileSync(home.paths.config, 'utf8')) as { couchdb: unknown };
      assert.deepEqual(couchdb, { url: couch.url, admin: couch.admin });
      const { own } = JSON.parse(readFileSync(home.paths.credentials, 'utf8')) as {
        own: { basic: { username: string } };
      };
      const user = `/_users/org.couchdb.user:${own.basic.username}`;
      const { body } = await couch.ask('GET', user);
      await couch.ask('DELETE', `${user}?rev=${(body as { _rev: string })._rev}`);
    });

    test('a wrong password changes nothing', async (t) => {
      const home = createTestHome(t);
      prepare(home);
      const command = await signIn(home, 'another password');
      assert.equal((await command.ended).code, 77);
      assert.ok(!existsSync(home.paths.credentials));
    });
  });
}

test('an import has a bar at a terminal, and no trace of one elsewhere', async (t) => {
  const home = createTestHome(t);
  await patchcord(home, ['init']);
  const source = join(home.scratch, 'take.mov');
  const args = ['files', 'import', '--no-document', source];
  writeFileSync(source, Buffer.alloc(32 * 1024 * 1024, 1));
  const shown = await startPatchcord(home, args, TERMINAL).ended;
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, BAR);
  writeFileSync(source, Buffer.alloc(32 * 1024 * 1024, 2));
  const piped = await patchcord(home, args);
  assert.equal(piped.code, 0);
  assert.doesNotMatch(`${piped.stdout}${piped.stderr}`, BAR);
  assert.ok(!`${piped.stdout}${piped.stderr}`.includes(ESCAPE));
});

test('what an import says stays, above a bar that is gone in the end', async (t) => {
  const home = createTestHome(t);
  await patchcord(home, ['init']);
  const folder = join(home.scratch, 'takes');
  mkdirSync(folder);
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, name), Buffer.alloc(9_000_000, name));
  const { stdout } = await startPatchcord(home, ['files', 'import', '--no-document', folder], TERMINAL).ended;
  const screen = screenOf(stdout);
  assert.equal(screen.length, 5, screen.join('\n'));
  for (const name of ['a', 'b', 'c', 'd'])
    assert.ok(screen.some((line) => /^\w{48} {2}/.test(line) && line.includes(join(folder, name))));
  assert.match(screen.at(-1) ?? '', /^4 stored/);
});

test('a dumb terminal gets no bar, no countdown, and nothing that is drawn over', async (t) => {
  const dumb = { ...TERMINAL, env: { TERM: 'dumb' } };
  const home = createTestHome(t);
  await startUp(home);
  const source = join(home.scratch, 'take.mov');
  writeFileSync(source, Buffer.alloc(9_000_000, 1));
  for (const args of [
    ['files', 'import', '--no-document', source],
    ['files', 'verify'],
  ]) {
    const { code, stdout } = await startPatchcord(home, args, dumb).ended;
    assert.equal(code, 0);
    assert.ok(!stdout.includes(ESCAPE) && !BAR.test(stdout), args.join(' '));
  }
  for (const [args, shown] of [
    [['status', '--watch'], 'Listens'],
    [['pair'], 'listens at'],
  ] as const) {
    const command = startPatchcord(home, args, dumb);
    await command.untilText(shown);
    command.type(CTRL_C);
    assert.ok(!(await command.ended).stdout.includes(ESCAPE), args.join(' '));
  }
});

test('colours are at a terminal only, and not where NO_COLOR or a dumb terminal says so', async (t) => {
  const home = createTestHome(t);
  await startUp(home);
  const status = async (options: Parameters<typeof startPatchcord>[2]): Promise<string> => {
    const { code, stdout } = await startPatchcord(home, ['status'], options).ended;
    assert.equal(code, 0);
    return stdout;
  };
  assert.ok((await status(TERMINAL)).includes(ESCAPE));
  // An empty one is as good as none (https://no-color.org).
  assert.ok((await status({ ...TERMINAL, env: { TERM: 'xterm', NO_COLOR: '' } })).includes(ESCAPE));
  assert.ok(!(await status({ ...TERMINAL, env: { TERM: 'xterm', NO_COLOR: '1' } })).includes(ESCAPE));
  assert.ok(!(await status({ ...TERMINAL, env: { TERM: 'dumb' } })).includes(ESCAPE));
  assert.ok(!(await status({ terminal: true })).includes(ESCAPE));
  assert.ok(!(await patchcord(home, ['status'])).stdout.includes(ESCAPE));
});
