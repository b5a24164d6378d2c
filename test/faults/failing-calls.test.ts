// Every call of the file system that fails, in what writes what must not be lost: files, identities, keys, the directory.
// Afterwards there is the old or the new, whole; it says what is wrong; and the next start comes to its end by itself.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { decryptKey, isEncryptedKey } from '../../dist/adapters/pki/encrypted-key.js';
import { moveIn } from '../../dist/agent/directory/move-in.js';
import { findIdentity } from '../../dist/agent/home/home.js';
import { IDENTITY_FILES } from '../../dist/agent/home/identity.js';
import { LEAF_BYTES } from '../../dist/core/skein/hashing.js';
import { pattern } from '../integration/files/temp-store.js';
import { createTestHome, failureOf, linesOf, type Result, type TestHome } from '../kit/agent.js';
import { checkBlobs } from '../kit/fetch-here.js';
import { runHere } from '../kit/in-process.js';
import { createUserHomes, type TestMember, type ToldDevices, type UserHomes } from '../kit/user-homes.js';
import { tryEveryCall } from './every-call.js';

/** It ended well, or told what is wrong, in a word of its own; unless it was killed. */
function assertTold(result: Result | null): void {
  if (result === null || result.code === 0) return;
  const failure = failureOf(result);
  assert.ok(failure !== '' && failure !== 'internal', `${result.stdout}${result.stderr}`);
}

async function expectOk(
  home: TestHome,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const result = await runHere(home, [...args, '--json'], env);
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}

const devicesOf = async (home: TestHome): Promise<ToldDevices> =>
  linesOf((await expectOk(home, ['devices'])).stdout)[0] as unknown as ToldDevices;

/** The key of the user CA fits its certificate, whatever passphrase it is under. */
function assertCaKey({ paths }: TestHome, passphrases: readonly string[] = []): void {
  const read = (name: string): string => readFileSync(join(paths.identity, name), 'utf8');
  const text = read(IDENTITY_FILES.caKey);
  const keys = isEncryptedKey(text) ? passphrases.map((one) => tryDecrypt(text, one)) : [text];
  const publicOf = (key: Parameters<typeof createPublicKey>[0]): string =>
    createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const wanted = publicOf(read(IDENTITY_FILES.ca));
  assert.ok(
    keys.some(
      (pem) =>
        pem !== null && publicOf(createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' })) === wanted,
    ),
  );
}

function tryDecrypt(text: string, passphrase: string): string | null {
  try {
    return decryptKey(text, passphrase);
  } catch {
    return null;
  }
}

test('importing files: no half blob, and the next import does the rest', async (t) => {
  const contents = [pattern(LEAF_BYTES + 1), Buffer.from('a'), pattern(5000), Buffer.from('a')];
  const args = ['files', 'import', '--json', '--no-document'];
  await tryEveryCall(t, 40, {
    kind: 'files',
    make() {
      const home = createTestHome(t);
      const folder = join(home.scratch, 'in');
      contents.forEach((content, index) => writeFileSync(`${folder}-${index}`, content));
      return { home, sources: contents.map((_, index) => `${folder}-${index}`) };
    },
    act: ({ home, sources }) => runHere(home, [...args, ...sources]),
    check({ home }, result) {
      assertTold(result);
      const blobs = checkBlobs(home.paths.store);
      if (result?.code === 0) assert.equal(blobs, 3);
    },
    async again({ home, sources }) {
      assert.equal((await runHere(home, [...args, ...sources])).code, 0);
      assert.equal(checkBlobs(home.paths.store), 3);
      assert.deepEqual(readdirSync(join(home.paths.store, '.dmedia/tmp')), []);
      await expectOk(home, ['files', 'verify']);
    },
  });
});

test('the first start: no device, or one that is whole and stays', async (t) => {
  const told = (result: Result | null): unknown => result && linesOf(result.stdout)[0]?.['deviceId'];
  await tryEveryCall(t, 20, {
    kind: 'files',
    make: () => createTestHome(t),
    act: (home) => runHere(home, ['init', '--json', '--name', 'laptop']),
    async check(home, result) {
      assertTold(result);
      if (result?.code === 0) assert.equal((await findIdentity(home.paths))?.deviceId, told(result));
    },
    async again(home) {
      const before = await findIdentity(home.paths);
      const after = told(await expectOk(home, ['init', '--name', 'laptop']));
      if (before !== null) assert.equal(after, before.deviceId);
      assertCaKey(home);
    },
  });
});

interface Two {
  readonly user: UserHomes;
  readonly home: TestHome;
  readonly laptop: TestMember;
  readonly desktop: TestMember;
}

const DAY_MS = 24 * 3_600_000;

function makeTwo(t: TestContext, leafAt = new Date()): Two {
  const madeAt = new Date(leafAt);
  const user = createUserHomes(
    t,
    [
      { name: 'laptop', isHolder: true, leafAt },
      { name: 'desktop', leafAt },
    ],
    madeAt,
  );
  const [laptop, desktop] = user.members as [TestMember, TestMember];
  return { user, laptop, desktop, home: laptop.home };
}

const isRevoked = ({ devices }: ToldDevices, { deviceId }: TestMember): boolean =>
  devices.some((device) => device.deviceId === deviceId && device.revoked !== 'no');

test('a revocation that was told holds, and the key stays', async (t) => {
  const args = (desktop: TestMember) => ['revoke', desktop.deviceId, '--yes', '--json'];
  await tryEveryCall(t, 15, {
    kind: 'files',
    make: () => makeTwo(t),
    act: ({ home, desktop }) => runHere(home, args(desktop)),
    async check({ home, desktop }, result) {
      assertTold(result);
      assertCaKey(home);
      const told = await devicesOf(home);
      if (result?.code === 0) assert.ok(isRevoked(told, desktop));
    },
    async again({ home, desktop }) {
      assert.equal((await runHere(home, args(desktop))).code, 0);
      assert.ok(isRevoked(await devicesOf(home), desktop));
    },
  });
});

test('a revocation that makes a new user leaves the old or the new one, with its key', async (t) => {
  const args = (desktop: TestMember) => ['revoke', desktop.deviceId, '--held-ca-key', '--yes', '--json'];
  await tryEveryCall(t, 40, {
    kind: 'files',
    make: () => makeTwo(t),
    act: ({ home, desktop }) => runHere(home, args(desktop)),
    async check({ user, home, laptop }, result) {
      assertTold(result);
      const told = await devicesOf(home);
      assertCaKey(home);
      assert.ok(told.devices.some(({ deviceId, isThis }) => isThis && deviceId === laptop.deviceId));
      if (result?.code === 0) assert.notEqual(told.userId, user.ca.userId);
    },
    async again({ user, home, desktop }) {
      if ((await devicesOf(home)).userId !== user.ca.userId) return;
      assert.equal((await runHere(home, args(desktop))).code, 0);
      assert.notEqual((await devicesOf(home)).userId, user.ca.userId);
    },
  });
});

test('a renewal leaves the old leaf or the new one, of the same key', async (t) => {
  const long = new Date(Date.now() - 700 * DAY_MS);
  const leafOf = ({ home }: Two): X509Certificate =>
    new X509Certificate(readFileSync(join(home.paths.identity, IDENTITY_FILES.cert)));
  await tryEveryCall(t, 20, {
    kind: 'files',
    make: () => makeTwo(t, long),
    act: ({ home }) => runHere(home, ['renew', '--json']),
    check(two, result) {
      assertTold(result);
      assertCaKey(two.home);
      assert.ok(leafOf(two).checkPrivateKey(createPrivateKey(two.laptop.key.keyPem)));
    },
    async again(two) {
      await expectOk(two.home, ['renew']);
      assert.ok(Date.parse(leafOf(two).validTo) > Date.now() + 700 * DAY_MS);
    },
  });
});

test('a passphrase for the key of the user CA: it opens without, or with it', async (t) => {
  const env = { PATCHCORD_NEW_PASSPHRASE: 'correct horse battery staple' };
  const open = { PATCHCORD_CA_PASSPHRASE: env.PATCHCORD_NEW_PASSPHRASE };
  await tryEveryCall(t, 10, {
    kind: 'files',
    make: () => makeTwo(t),
    act: ({ home }) => runHere(home, ['ca', 'passphrase', '--json'], env),
    check({ home }, result) {
      assertTold(result);
      assertCaKey(home, Object.values(env));
    },
    async again({ home, desktop }) {
      await expectOk(home, ['rename', desktop.deviceId, 'phone'], open);
    },
  });
});

test('what pairing stores: the old user’s device or the new one’s, whole, with what was signed', async (t) => {
  await tryEveryCall(t, 30, {
    kind: 'files',
    async make() {
      const home = createTestHome(t);
      await expectOk(home, ['init']);
      const old = await findIdentity(home.paths);
      const two = makeTwo(t);
      const files = new Map([
        [IDENTITY_FILES.cert, two.desktop.leaf],
        [IDENTITY_FILES.key, two.desktop.key.keyPem],
        [IDENTITY_FILES.ca, two.user.ca.certPem],
      ]);
      return { home, old, two, files };
    },
    async act({ home, two, files }) {
      const statements = [two.user.deviceStatement(two.laptop, 1), two.user.deviceStatement(two.desktop, 1)];
      return moveIn({
        paths: home.paths,
        files,
        begin: (directory) => directory.learn(statements),
        now: new Date(),
      }).catch(() => null);
    },
    async check({ home, old, two }, result) {
      const told = await devicesOf(home);
      assert.ok(told.userId === old?.userId || told.userId === two.user.ca.userId);
      if (told.userId === old?.userId) assertCaKey(home);
      if (result !== null) assert.equal(told.userId, two.user.ca.userId);
    },
    async again({ home, two, files }) {
      if ((await devicesOf(home)).userId !== two.user.ca.userId)
        await moveIn({
          paths: home.paths,
          files,
          begin: (directory) => directory.learn([two.user.deviceStatement(two.laptop, 1)]),
          now: new Date(),
        });
      const told = await devicesOf(home);
      assert.equal(told.userId, two.user.ca.userId);
      assert.ok(told.devices.some(({ deviceId }) => deviceId === two.laptop.deviceId));
    },
  });
});
