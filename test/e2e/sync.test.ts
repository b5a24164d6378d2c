// Two devices of one user and a bare cable: documents, new databases and files become the same on both, with no setting;
// whatever is pulled out in between.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, linesOf, patchcord } from '../kit/agent.js';
import { isInsideNamespace } from '../kit/netns.js';
import {
  createDatabase,
  document,
  importFile,
  snapshot,
  startTwoDevices,
  storedFile,
  untilCurrent,
} from '../kit/two-devices.js';

const WITHIN = { timeout: 200_000 };
const MIB = 1024 * 1024;

if (isInsideNamespace(import.meta.url)) {
  test(
    'documents, new databases and files are on both sides, and nothing else is left behind',
    WITHIN,
    async (t) => {
      const { near, far } = await startTwoDevices(t);
      await near.ask('PUT', '/dmedia-0/from-near', { said: 'near' });
      await far.ask('PUT', '/dmedia-0/from-far', { said: 'far' });
      assert.equal((await document(far, 'dmedia-0', 'from-near'))['said'], 'near');
      assert.equal((await document(near, 'dmedia-0', 'from-far'))['said'], 'far');

      await createDatabase(near, 'dmedia-0-novel');
      await near.ask('PUT', '/dmedia-0-novel/chapter', { words: 7 });
      assert.equal((await document(far, 'dmedia-0-novel', 'chapter'))['words'], 7);
      // What no policy of the other covers stays where it is.
      await createDatabase(near, 'private');

      const bytes = randomBytes(20 * MIB);
      const id = await importFile(near, bytes);
      assert.ok((await storedFile(far, id)).equals(bytes));

      await untilCurrent(near, far);
      const { sync } = await far.status();
      assert.deepEqual(
        sync.pulls
          .map(({ deviceId, database, state, failed, reason }) => [deviceId, database, state, failed, reason])
          .sort(),
        ['dmedia-0', 'dmedia-0-novel', 'patchcord'].map((name) => [near.deviceId, name, 'current', 0, null]),
      );
      assert.deepEqual(await snapshot(near), await snapshot(far));
      assert.ok((await patchcord(far.home, ['status'])).stdout.includes('dmedia-0-novel from'));
    },
  );

  test('pause holds a database back, over a restart too, until it is resumed', WITHIN, async (t) => {
    const { near, far } = await startTwoDevices(t);
    await untilCurrent(near, far);
    const paused = await patchcord(far.home, ['pause', '--database', 'dmedia-0', '--json']);
    assert.equal(paused.code, 0, paused.stdout + paused.stderr);
    far.up.kill('SIGTERM');
    assert.equal((await far.up.ended).code, 0);
    await far.restart();
    await near.ask('PUT', '/dmedia-0/held', {});
    await createDatabase(near, 'dmedia-0-next');
    await near.ask('PUT', '/dmedia-0-next/free', {});
    await document(far, 'dmedia-0-next', 'free');
    const states = (await far.status()).sync.pulls.filter(({ database }) => database === 'dmedia-0');
    assert.deepEqual(
      states.map(({ state }) => state),
      ['paused'],
    );
    assert.equal((await far.ask('GET', '/dmedia-0/held')).status, 404);
    const resumed = await patchcord(far.home, ['resume', '--peer', near.deviceId.slice(0, 8), '--json']);
    assert.deepEqual(linesOf(resumed.stdout)[0]?.['isChanged'], false);
    await patchcord(far.home, ['resume', '--database', 'dmedia-0']);
    await document(far, 'dmedia-0', 'held');
  });

  test('files fetch brings what the rules hold back, and says what nobody has', WITHIN, async (t) => {
    const rules = { fetch: { databases: [] } };
    const { near, far } = await startTwoDevices(t, { config: { far: rules } });
    const bytes = randomBytes(9 * MIB);
    const id = await importFile(near, bytes);
    await document(far, 'dmedia-0', id);
    const missing = 'GJDVCPR3JPBFABMGP6PDUBOVQIXX5YLF9PG49SSDJVQEKLOR';
    await near.ask('PUT', `/dmedia-0/${missing}`, { type: 'dmedia/file' });
    await document(far, 'dmedia-0', missing);
    const fetched = await patchcord(far.home, ['files', 'fetch', id, '--json']);
    assert.equal(fetched.code, 0, fetched.stdout + fetched.stderr);
    assert.ok((await storedFile(far, id)).equals(bytes));
    const all = await patchcord(far.home, ['files', 'fetch', '--all', '--json']);
    assert.equal(all.code, 69, all.stdout);
    const unnamed = 'NXIA8BHKVQTD9ACIPT3J7QUYM96FYWJBBEL34YKTA6CKE9IC';
    assert.equal((await patchcord(far.home, ['files', 'fetch', unnamed])).code, 69);
    assert.equal((await patchcord(far.home, ['files', 'fetch'])).code, 64);
    const alone = createTestHome(t);
    writeFileSync(join(alone.scratch, 'x'), '');
    assert.equal((await patchcord(alone, ['files', 'fetch', '--all'])).code, 69);
  });
}
