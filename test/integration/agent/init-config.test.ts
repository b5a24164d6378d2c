import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, failureOf, linesOf, patchcord, startUp, type Result } from '../../kit/agent.js';

const factOf = ({ stdout }: Result): Record<string, unknown> => linesOf(stdout)[0] ?? {};

test('init makes a device, which up then is', async (t) => {
  const home = createTestHome(t);
  const made = await patchcord(home, ['init', '--json', '--name', 'Ada’s laptop']);
  assert.equal(made.code, 0);
  assert.equal(factOf(made)['isNew'], true);
  assert.equal(statSync(home.paths.config).mode & 0o777, 0o600);

  const again = await patchcord(home, ['init', '--json']);
  assert.equal(again.code, 0);
  assert.deepEqual({ ...factOf(again), isNew: true, changed: ['name'] }, factOf(made));
  assert.deepEqual([factOf(again)['changed'], factOf(again)['embeddedData']], [[], null]);

  const up = await startUp(home);
  assert.equal(up.ready.identity.deviceId, factOf(made)['deviceId']);
  assert.equal(up.ready.identity.isNew, false);
  up.kill('SIGTERM');
  await up.ended;

  // What the embedded server has is not moved into a CouchDB, and it says so; the way back is open.
  const named = await patchcord(home, ['init', '--json', '--couchdb', 'http://127.0.0.1:5984/']);
  assert.deepEqual(
    [factOf(named)['changed'], factOf(named)['embeddedData']],
    [['couchdb.url'], home.paths.couch],
  );
  assert.ok(existsSync(home.paths.couch));
  assert.equal((await patchcord(home, ['config', 'unset', 'couchdb'])).code, 0);
  assert.ok(!readFileSync(home.paths.config, 'utf8').includes('couchdb'));
  const told = await patchcord(home, ['init', '--couchdb', 'http://127.0.0.1:5984/']);
  assert.ok(told.stdout.includes(home.paths.couch));
});

test('init makes stores where it is told, and changes no configuration that says otherwise', async (t) => {
  const home = createTestHome(t);
  const [disk, other] = [join(home.scratch, 'disk'), join(home.scratch, 'other')];
  const made = await patchcord(home, ['init', '--json', '--store', disk]);
  assert.deepEqual(factOf(made)['stores'], [disk]);
  assert.ok(existsSync(join(disk, '.dmedia/files')));
  assert.ok(!existsSync(home.paths.store));

  const refused = await patchcord(home, ['init', '--json', '--store', other]);
  assert.equal(refused.code, 73);
  assert.equal(failureOf(refused), 'configured');
  assert.ok(!existsSync(other));
});

test('init on a device that has a store replaces it by no other, and says how to have both', async (t) => {
  const home = createTestHome(t);
  const disk = join(home.scratch, 'disk');
  await patchcord(home, ['init']);
  const refused = await patchcord(home, ['init', '--json', '--store', disk]);
  assert.equal(refused.code, 73);
  assert.equal(failureOf(refused), 'configured');
  assert.ok(!existsSync(home.paths.config) && !existsSync(disk));
  assert.equal((await patchcord(home, ['files', 'stores', '--add', disk])).code, 0);
  const again = await patchcord(home, ['init', '--json', '--store', home.paths.store, '--store', disk]);
  assert.deepEqual(factOf(again)['stores'], [home.paths.store, disk]);
});

test(
  'a store that cannot be made is told at once, and stands in no configuration',
  { timeout: 20_000 },
  async (t) => {
    const home = createTestHome(t);
    for (const args of [
      ['init', '--store', '/proc/x'],
      ['files', 'stores', '--add', '/proc/x'],
    ]) {
      const { code } = await patchcord(home, args);
      assert.equal(code, 66);
      assert.ok(!existsSync(home.paths.config));
    }
    const disk = join(home.scratch, 'disk');
    assert.equal((await patchcord(home, ['init', '--store', disk])).code, 0);
    assert.ok(existsSync(join(disk, '.dmedia/files')));
  },
);

test('init with a CouchDB that cannot be one changes nothing', async (t) => {
  const home = createTestHome(t);
  const refused = await patchcord(home, ['init', '--json', '--couchdb', 'http://example.org:5984/']);
  assert.equal(refused.code, 78);
  assert.ok(!existsSync(home.paths.config));
  assert.ok(!existsSync(home.paths.home));
  const made = await patchcord(home, ['init', '--json', '--couchdb', 'http://127.0.0.1:5984/']);
  assert.equal(made.code, 0);
});

test('config shows what is in force, without the password', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({
    couchdb: {
      url: 'http://127.0.0.1:5984/',
      admin: { username: 'root', password: 'secret-of-the-test' },
    },
  });
  for (const args of [['config'], ['config', 'show', '--json']]) {
    const { code, stdout, stderr } = await patchcord(home, args);
    assert.equal(code, 0);
    assert.ok(stdout.includes('http://127.0.0.1:5984/') && stdout.includes('link-local'));
    assert.ok(!`${stdout}${stderr}`.includes('secret-of-the-test'));
  }
});

test('what config shows is a configuration', async (t) => {
  const home = createTestHome(t);
  for (const config of [
    {},
    {
      name: 'Ada’s laptop',
      couchdb: { url: 'http://127.0.0.1:5984/', admin: { username: 'root', password: 'secret-of-the-test' } },
      limits: { idleMs: 65_000 },
      fetch: { maxFileBytes: 1000 },
    },
  ]) {
    home.writeConfig(config);
    const { stdout } = await patchcord(home, ['config']);
    const file = join(home.scratch, 'shown.json');
    writeFileSync(file, stdout);
    assert.equal((await patchcord(home, ['config', 'check', file])).code, 0, stdout);
    home.writeConfig(stdout);
    assert.equal((await patchcord(home, ['config'])).stdout, stdout);
  }
});

test('a device has one name: the configuration gives it none beside that of the directory', async (t) => {
  const home = createTestHome(t);
  const up = await startUp(home);
  assert.equal((await patchcord(home, ['rename', up.ready.identity.deviceId, 'Grace'])).code, 0);
  up.kill('SIGTERM');
  await up.ended;
  const refused = await patchcord(home, ['config', 'set', '--json', 'name', 'Ada']);
  assert.equal(refused.code, 73);
  assert.equal(failureOf(refused), 'named');
  assert.equal((await patchcord(home, ['config', 'set', 'name', 'Grace'])).code, 0);
  assert.equal((await patchcord(home, ['config', 'unset', 'name'])).code, 0);
  const again = await startUp(home);
  assert.equal((again.ready.identity as { name?: string }).name, 'Grace');
});

test('config set changes one value, and never into something with problems', async (t) => {
  const home = createTestHome(t);
  assert.equal((await patchcord(home, ['config', 'set', 'listen.port', '41000'])).code, 0);
  assert.equal((await patchcord(home, ['config', 'set', 'name', 'Ada’s laptop'])).code, 0);
  const read = () => JSON.parse(readFileSync(home.paths.config, 'utf8')) as unknown;
  assert.deepEqual(read(), { listen: { port: 41_000 }, name: 'Ada’s laptop' });

  // Names of links as `--listen` takes them, or JSON.
  for (const links of ['near0,near1', '["near0","near1"]']) {
    assert.equal((await patchcord(home, ['config', 'set', 'listen.on', links])).code, 0);
    assert.deepEqual((read() as { listen: object }).listen, { port: 41_000, on: ['near0', 'near1'] });
  }
  assert.equal((await patchcord(home, ['config', 'unset', 'listen.on'])).code, 0);

  const refused = await patchcord(home, ['config', 'set', '--json', 'listen.port', '70000']);
  assert.equal(refused.code, 78);
  assert.deepEqual(read(), { listen: { port: 41_000 }, name: 'Ada’s laptop' });

  assert.equal((await patchcord(home, ['config', 'unset', 'listen.port'])).code, 0);
  assert.deepEqual(read(), { name: 'Ada’s laptop' });
  const missing = await patchcord(home, ['config', 'unset', '--json', 'listen']);
  assert.equal(missing.code, 65);
  assert.equal(failureOf(missing), 'not-set');
});

test('config check tells every problem of a file', async (t) => {
  const home = createTestHome(t);
  const file = join(home.scratch, 'new.json');
  writeFileSync(file, JSON.stringify({ nmae: 'x', directory: '_users', listen: { on: 'eth0' } }));
  const { code, stdout } = await patchcord(home, ['config', 'check', '--json', file]);
  assert.equal(code, 78);
  const { problems } = factOf({ code, stdout, stderr: '' })['error'] as { problems: { path: string }[] };
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['$.listen.on', '$.nmae'],
  );
  writeFileSync(file, JSON.stringify({ directory: 'my-directory', listen: { on: ['eth0'] } }));
  assert.equal((await patchcord(home, ['config', 'check', '--json', file])).code, 0);
  assert.equal((await patchcord(home, ['config', 'check', join(home.scratch, 'none.json')])).code, 66);
});
