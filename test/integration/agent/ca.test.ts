// The user CA's key: under a passphrase, in a backup, and back from it.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isEncryptedKey } from '../../../dist/adapters/pki/encrypted-key.js';
import { createTestHome, failureOf, linesOf, patchcord, startUp, type TestHome } from '../../kit/agent.js';
import { createUserHomes, devicesOf, type TestMember } from '../../kit/user-homes.js';

const BACKUP = 'the passphrase of a backup';
const KEY = 'the passphrase of a key';

const run = (home: TestHome, args: string[], variables: Record<string, string> = {}) =>
  patchcord(home, [...args, '--json'], { env: variables });
const keyOf = ({ paths }: TestHome): string => readFileSync(join(paths.identity, 'user-ca.key'), 'utf8');

test('a backup brings the user back on a new device, when all others are lost', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [laptop] = user.members as [TestMember];
  const file = join(laptop.home.scratch, 'ca.pem');
  assert.equal(failureOf(await run(laptop.home, ['ca', 'export', file])), 'needs-passphrase');
  const short = await run(laptop.home, ['ca', 'export', file], { PATCHCORD_NEW_PASSPHRASE: 'seven77' });
  assert.equal(failureOf(short), 'short-passphrase');
  const exported = await run(laptop.home, ['ca', 'export', file], { PATCHCORD_NEW_PASSPHRASE: BACKUP });
  assert.equal(exported.code, 0, exported.stdout);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(isEncryptedKey(readFileSync(file, 'utf8')));
  const again = await run(laptop.home, ['ca', 'export', file], { PATCHCORD_NEW_PASSPHRASE: BACKUP });
  assert.equal(failureOf(again), 'file-exists');

  const home = createTestHome(t);
  home.writeConfig({ name: 'a new laptop', listen: { on: 'loopback' } });
  const wrong = await run(home, ['ca', 'import', file], { PATCHCORD_CA_PASSPHRASE: 'not that one' });
  assert.equal(failureOf(wrong), 'wrong-passphrase');
  const imported = await run(home, ['ca', 'import', file], { PATCHCORD_CA_PASSPHRASE: BACKUP });
  assert.equal(imported.code, 0, imported.stdout);
  assert.deepEqual(linesOf(imported.stdout)[0], { userId: user.ca.userId, isNew: true });
  const told = await devicesOf(home);
  assert.deepEqual(
    [told.caKey, told.devices.map(({ name, isThis }) => [name, isThis])],
    ['encrypted', [['a new laptop', true]]],
  );
  const up = await startUp(home);
  assert.equal(up.ready.identity.userId, user.ca.userId);
});

test('a device of the user gets the key back, one of another user does not', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'desktop' }]);
  const [laptop, desktop] = user.members as [TestMember, TestMember];
  const [stranger] = createUserHomes(t, [{ name: 'other', isHolder: true }]).members as [TestMember];
  const file = join(laptop.home.scratch, 'ca.pem');
  await run(laptop.home, ['ca', 'export', file], { PATCHCORD_NEW_PASSPHRASE: BACKUP });
  const before = keyOf(stranger.home);
  const refused = await run(stranger.home, ['ca', 'import', file], { PATCHCORD_CA_PASSPHRASE: BACKUP });
  assert.equal(failureOf(refused), 'other-user');
  assert.equal(keyOf(stranger.home), before);

  assert.equal((await devicesOf(desktop.home)).caKey, 'none');
  const { code } = await run(desktop.home, ['ca', 'import', file], { PATCHCORD_CA_PASSPHRASE: BACKUP });
  assert.equal(code, 0);
  assert.equal((await devicesOf(desktop.home)).caKey, 'encrypted');
  const renamed = await run(desktop.home, ['rename', 'laptop', 'x'], { PATCHCORD_CA_PASSPHRASE: BACKUP });
  assert.equal(renamed.code, 0, renamed.stdout);
});

test('what is no backup, or whose key is another’s, is refused', async (t) => {
  const [one, other] = ['one', 'other'].map((name) => createUserHomes(t, [{ name, isHolder: true }]));
  const files = await Promise.all(
    [one, other].map(async (user) => {
      const { home } = user?.members[0] as TestMember;
      const file = join(home.scratch, 'ca.pem');
      await run(home, ['ca', 'export', file], { PATCHCORD_NEW_PASSPHRASE: BACKUP });
      return readFileSync(file, 'utf8');
    }),
  );
  const home = createTestHome(t);
  const file = join(home.scratch, 'mixed.pem');
  const [cert, key] = [files[0]?.split(/(?=-----BEGIN ENC)/)[0], files[1]?.split(/(?=-----BEGIN ENC)/)[1]];
  const importing = async (text: string): Promise<string> => {
    writeFileSync(file, text);
    return failureOf(await run(home, ['ca', 'import', file], { PATCHCORD_CA_PASSPHRASE: BACKUP }));
  };
  assert.equal(await importing(`${cert ?? ''}${key ?? ''}`), 'other-key');
  for (const bad of ['', cert ?? '', key ?? '', `${files[0] ?? ''}\n`, 'x'.repeat(9000)])
    assert.equal(await importing(bad), 'no-backup');
  assert.equal(await importing(files[0] ?? ''), '');
});

test('with a passphrase set, signing asks for it; removed, it does not', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [{ home }] = user.members as [TestMember];
  const plain = keyOf(home);
  assert.equal((await run(home, ['ca', 'passphrase'], { PATCHCORD_NEW_PASSPHRASE: KEY })).code, 0);
  assert.equal(statSync(join(home.paths.identity, 'user-ca.key')).mode & 0o777, 0o600);
  assert.match(keyOf(home), /ENCRYPTED/);
  const rename = (passphrase?: string) =>
    run(
      home,
      ['rename', 'laptop', 'x'],
      passphrase === undefined ? {} : { PATCHCORD_CA_PASSPHRASE: passphrase },
    );
  assert.equal(failureOf(await rename()), 'needs-passphrase');
  assert.equal(failureOf(await rename('not that one')), 'wrong-passphrase');
  assert.equal((await rename(KEY)).code, 0);
  const removed = await run(home, ['ca', 'passphrase', '--remove'], { PATCHCORD_CA_PASSPHRASE: KEY });
  assert.equal(removed.code, 0);
  assert.equal(keyOf(home), plain);
  assert.equal((await run(home, ['rename', 'x', 'laptop'])).code, 0);
});

test('a device whose user’s key is lost begins a new user, with its own key; the others join it', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop' }, { name: 'desktop' }]);
  const [laptop] = user.members as [TestMember];
  assert.equal(failureOf(await run(laptop.home, ['ca', 'replace'])), 'needs-yes');
  const up = await startUp(laptop.home);
  const replaced = await run(laptop.home, ['ca', 'replace', '--yes']);
  assert.equal(replaced.code, 0, replaced.stdout);
  const [answer] = linesOf(replaced.stdout);
  assert.deepEqual([answer?.['toJoin'], answer?.['toShare']], [['desktop'], []]);
  const told = await devicesOf(laptop.home);
  assert.deepEqual([told.userId, told.caKey], [answer?.['newUserId'], 'plain']);
  assert.deepEqual(
    told.devices.map(({ deviceId, name }) => [deviceId, name]),
    [[laptop.deviceId, 'laptop']],
  );
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
});
