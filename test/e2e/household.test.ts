// Three devices of one user; a database that dies in the middle; a device that was revoked while it was away.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isEvent, patchcord } from '../kit/agent.js';
import { isInsideNamespace } from '../kit/netns.js';
import {
  slowDown,
  countAtLeast,
  document,
  importFile,
  snapshot,
  soon,
  startThirdDevice,
  startTwoDevices,
  storedFile,
  untilCurrent,
  writeMany,
  type Device,
} from '../kit/two-devices.js';

const WITHIN = { timeout: 200_000 };
const MIB = 1024 * 1024;

if (isInsideNamespace(import.meta.url)) {
  test(
    'a third device gets through the one in the middle what the first has, and files from both',
    WITHIN,
    async (t) => {
      const two = await startTwoDevices(t);
      const { near, far } = two;
      const third = await startThirdDevice(t, two);
      await far.ask('PUT', '/dmedia-0/from-far', { said: 'far' });
      assert.equal((await document(third, 'dmedia-0', 'from-far'))['said'], 'far');

      // Both outer devices have a file that the middle one lacks: it comes from both at once.
      for (const [end, link] of [
        [far, 'far0'],
        [third, 'third0'],
      ] as const)
        slowDown(end, link);
      const bytes = randomBytes(48 * MIB);
      const hold = ['pause', '--database', 'dmedia-0'];
      assert.equal((await patchcord(near.home, hold)).code, 0);
      const id = await importFile(far, bytes);
      assert.equal(await importFile(third, bytes), id);
      assert.equal((await patchcord(near.home, ['resume', ...hold.slice(1)])).code, 0);
      await soon(async () => {
        const active = (await near.status()).sync.files.active.find((one) => one.id === id);
        return active?.sources.length === 2 ? true : null;
      });
      assert.ok((await storedFile(near, id)).equals(bytes));
    },
  );

  test(
    'a database that is killed in the middle of a replication gets the rest when it is back',
    WITHIN,
    async (t) => {
      const { near, far } = await startTwoDevices(t);
      await untilCurrent(near, far);
      await writeMany(near, 0, 3000);
      await countAtLeast(far, 200);
      process.kill(databaseOf(far), 'SIGKILL');
      await far.up.untilLine(isEvent('embedded-died'));
      await countAtLeast(far, 3000);
      await untilCurrent(near, far);
      assert.deepEqual(await snapshot(near), await snapshot(far));
    },
  );

  test('a device that was revoked while it was away is cut off, and others hear of it', WITHIN, async (t) => {
    const two = await startTwoDevices(t);
    const { near, far, unplug, plug } = two;
    const third = await startThirdDevice(t, two);
    await untilCurrent(near, far);
    unplug();
    await soon(async () => ((await far.status()).sync.pulls.length === 0 ? true : null));
    const revoked = await patchcord(near.home, ['revoke', far.deviceId, '--yes', '--json']);
    assert.equal(revoked.code, 0, revoked.stdout + revoked.stderr);
    await far.ask('PUT', '/dmedia-0/from-revoked', {});
    await near.ask('PUT', '/dmedia-0/after', {});
    plug();
    await near.up.untilLine((line) => isEvent('denied')(line) && String(line['rule']).startsWith('revoked'));
    // What others of this user write goes on, to and fro.
    await document(third, 'dmedia-0', 'after');
    await third.up.untilLine(isEvent('device-revoked'));
    assert.equal((await far.ask('GET', '/dmedia-0/after')).status, 404);
    assert.equal((await near.ask('GET', '/dmedia-0/from-revoked')).status, 404);
    assert.ok((await near.status()).sync.pulls.every(({ deviceId }) => deviceId !== far.deviceId));
  });
}

/** The process of its embedded database. */
function databaseOf({ up }: Device): number {
  const children = readFileSync(`/proc/${up.pid}/task/${up.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  const isDatabase = (pid: number): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('embedded-couch');
  return children.find(isDatabase) ?? assert.fail('there is no database');
}
