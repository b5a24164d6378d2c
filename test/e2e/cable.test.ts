// A cable that is pulled in the middle of something, between two real `patchcord up`: what was begun is finished when it is
// back, and nothing is fetched twice.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isEvent } from '../kit/agent.js';
import { isInsideNamespace } from '../kit/netns.js';
import {
  countAtLeast,
  importFile,
  slowDown,
  snapshot,
  soon,
  startTwoDevices,
  storedFile,
  untilCurrent,
  writeMany,
} from '../kit/two-devices.js';

const WITHIN = { timeout: 200_000 };
const MIB = 1024 * 1024;

if (isInsideNamespace(import.meta.url)) {
  test('a cable pulled in the middle of a replication: the rest comes when it is back', WITHIN, async (t) => {
    const { near, far, plug, unplug } = await startTwoDevices(t);
    await untilCurrent(near, far);
    await writeMany(near, 0, 3000);
    await countAtLeast(far, 200);
    unplug();
    await soon(async () => ((await far.status()).sync.pulls.length === 0 ? true : null));
    await writeMany(near, 3000, 3200);
    plug();
    await countAtLeast(far, 3200);
    await untilCurrent(near, far);
    assert.deepEqual(await snapshot(near), await snapshot(far));
  });

  test('a link of 10 Mbit/s: slow is not away, and status tells how far it is', WITHIN, async (t) => {
    const { near, far } = await startTwoDevices(t);
    for (const [end, link] of [
      [near, 'near0'],
      [far, 'far0'],
    ] as const)
      slowDown(end, link, 10);
    const bytes = randomBytes(12 * MIB);
    const id = await importFile(near, bytes);
    await writeMany(near, 0, 1000);
    const rate = await soon(async () => {
      const { active, bytesPerSecond } = (await far.status()).sync.files;
      return active.some((one) => one.id === id) && bytesPerSecond > 0 ? bytesPerSecond : null;
    });
    assert.ok(rate < 1.5 * MIB, `${rate} bytes a second`);
    assert.ok((await storedFile(far, id)).equals(bytes));
    await countAtLeast(far, 1000);
    await untilCurrent(near, far);
    assert.ok(!far.up.stdout().includes('"pull-failed"'));
  });

  test(
    'a cable pulled in the middle of a file, and the process killed: what is there is not fetched again',
    WITHIN,
    async (t) => {
      const { near, far, plug, unplug } = await startTwoDevices(t);
      slowDown(near, 'near0');
      const bytes = randomBytes(40 * MIB);
      const id = await importFile(near, bytes);
      const begun = async (): Promise<number> =>
        soon(async () => {
          const active = (await far.status()).sync.files.active.find((one) => one.id === id);
          return active !== undefined && active.bytes >= 8 * MIB ? active.bytes : null;
        });
      await begun();
      unplug();
      await soon(async () => ((await far.status()).sync.files.active.length === 0 ? true : null));
      assert.ok(readdirSync(join(far.home.paths.store, '.dmedia/partial')).includes(id));
      far.up.kill('SIGKILL');
      await far.up.ended;
      plug();
      await far.restart();
      assert.ok((await storedFile(far, id)).equals(bytes));
      // It is said when the file is there, and a moment later.
      const fetched = await far.up.untilLine(isEvent('file-fetched'));
      assert.equal(fetched['id'], id);
      const { fetchedBytes } = (await far.status()).sync.files;
      assert.equal(fetchedBytes, bytes.length);
      assert.deepEqual(readdirSync(join(far.home.paths.store, '.dmedia/partial')), []);
    },
  );
}
