// Two devices of one user and a bare cable: documents, new databases and files become the same on both, with no setting;
// whatever is pulled out in between.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome, isEvent, linesOf, patchcord } from '../kit/agent.js';
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
const fork = (id: string, rev: string) => ({
  ...{ _id: id, _rev: `1-${rev}`, _revisions: { start: 1, ids: [rev] } },
});

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

      // Forks that a peer made are told where they come to.
      const forks = Array.from({ length: 12 }, (_, index) => fork('forked', index.toString(16).repeat(32)));
      await near.ask('POST', '/dmedia-0/_bulk_docs', { docs: forks, new_edits: false });
      const told = await far.up.untilLine(isEvent('many-leaves'));
      assert.deepEqual([told['database'], told['id'], told['leaves']], ['dmedia-0', 'forked', 12]);

      await untilCurrent(near, far);
      const { sync } = await far.status();
      assert.deepEqual(sync.files.conflicted, [{ database: 'dmedia-0', id: 'forked', leaves: 12 }]);
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
    // Whoever asks for files is told why there are none, where that is why.
    const pausesFor = async (...args: string[]) => {
      const { code, stdout } = await patchcord(far.home, ['files', 'fetch', ...args, '--json']);
      assert.equal(code, 0, stdout);
      return linesOf(stdout).flatMap(({ event, database }) => (event === 'paused' ? [database] : []));
    };
    assert.deepEqual(await pausesFor('--all'), ['dmedia-0']);
    assert.deepEqual(await pausesFor('--database', 'dmedia-0-next'), []);
    const resumed = await patchcord(far.home, ['resume', '--peer', near.deviceId.slice(0, 8), '--json']);
    assert.deepEqual(linesOf(resumed.stdout)[0]?.['isChanged'], false);
    await patchcord(far.home, ['resume', '--database', 'dmedia-0']);
    await document(far, 'dmedia-0', 'held');
  });

  test('a disk that would be too full takes no more, and does when there is room', WITHIN, async (t) => {
    const disk = mkdtempSync(join(tmpdir(), 'patchcord-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk]);
    t.after(() => {
      execFileSync('umount', ['-l', disk]);
      rmdirSync(disk);
    });
    mkdirSync(join(disk, '.dmedia/files'), { recursive: true });
    const config = { far: { files: { stores: [disk] } } };
    const { near, far } = await startTwoDevices(t, { config });
    const [first, second] = [randomBytes(11 * MIB), randomBytes(8 * MIB)];
    await importFile(near, first);
    await far.up.untilLine(isEvent('file-fetched'));
    const id = await importFile(near, second);
    const held = await far.up.untilLine(isEvent('file-held'));
    assert.deepEqual([held['id'], held['hold']], [id, 'no-room']);
    assert.deepEqual((await far.status()).sync.files.held, { 'no-room': 1 });
    execFileSync('mount', ['-o', 'remount,size=60m', disk]);
    // It would come by itself in a while.
    assert.equal((await patchcord(far.home, ['files', 'fetch', id])).code, 0);
    await far.up.untilLine((line) => isEvent('file-fetched')(line) && line['id'] === id);
  });

  test('files fetch brings what the rules hold back, and says what nobody has', WITHIN, async (t) => {
    const rules = { fetch: { databases: [] } };
    const { near, far } = await startTwoDevices(t, { config: { far: rules } });
    const bytes = randomBytes(9 * MIB);
    const id = await importFile(near, bytes);
    await document(far, 'dmedia-0', id);
    await createDatabase(near, 'dmedia-0-novel');
    const inNovel = await importFile(near, randomBytes(MIB), 'dmedia-0-novel');
    await document(far, 'dmedia-0-novel', inNovel);
    const ofNovel = await patchcord(far.home, ['files', 'fetch', '--database', 'dmedia-0-novel', '--json']);
    assert.equal(ofNovel.code, 0, ofNovel.stdout + ofNovel.stderr);
    await storedFile(far, inNovel);
    assert.equal((await far.status()).sync.files.missing, 1);
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
