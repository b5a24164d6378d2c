// Real drives that are full, or gone in the middle: small ones, mounted for it. No half blob, nothing in the folder that
// was below, and what was cut short is done when there is room, or the drive is back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createStore } from '../../dist/adapters/files/create-store.js';
import { LEAF_BYTES } from '../../dist/core/skein/hashing.js';
import { pattern } from '../integration/files/temp-store.js';
import { createTestHome, failureOf, type TestHome } from '../kit/agent.js';
import { checkBlobs, CONTENTS, fetchAll } from '../kit/fetch-here.js';
import { runHere } from '../kit/in-process.js';
import { isInsideNamespace } from '../kit/netns.js';
import { eventually } from '../kit/until.js';

const MIB = 1024 * 1024;

interface Drive {
  readonly home: TestHome;
  readonly folder: string;
  /** All of it, but for so many bytes. */
  readonly fill: (leftBytes: number) => void;
  readonly empty: () => void;
  /** As a cable that is pulled: what is open still is. */
  readonly unplug: () => void;
  readonly plug: () => void;
}

/** A home whose only store is on a drive of so many MiB. What was on it is gone when it is plugged in again. */
async function plugDrive(t: TestContext, sizeMib: number): Promise<Drive> {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-drive-'));
  const plug = (): void =>
    void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'drive', folder]);
  const unplug = (): void => void execFileSync('umount', ['--lazy', folder]);
  plug();
  t.after(() => {
    unplug();
    rmdirSync(folder);
  });
  await createStore(folder);
  const home = createTestHome(t);
  home.writeConfig({ files: { stores: [folder] } });
  const filler = join(folder, 'filler');
  return {
    home,
    folder,
    plug,
    unplug,
    fill: (leftBytes) => writeFileSync(filler, Buffer.alloc(sizeMib * MIB - leftBytes)),
    empty: () => rmSync(filler),
  };
}

if (isInsideNamespace(import.meta.url)) {
  const importArgs = (home: TestHome): string[] => {
    const source = join(home.scratch, 'source');
    writeFileSync(source, pattern(LEAF_BYTES * 2 + 1));
    return ['files', 'import', '--json', '--no-document', source];
  };
  const tmpOf = (folder: string): string[] => readdirSync(join(folder, '.dmedia/tmp'));

  test('a drive that is full: an import says so, and is done when there is room', async (t) => {
    const { home, folder, fill, empty } = await plugDrive(t, 40);
    const args = importArgs(home);
    fill(LEAF_BYTES + MIB);
    const full = await runHere(home, args);
    assert.equal(full.code, 74, full.stdout);
    assert.equal(failureOf(full), 'enospc');
    assert.equal(checkBlobs(folder), 0);
    assert.deepEqual(tmpOf(folder), []);
    empty();
    assert.equal((await runHere(home, args)).code, 0);
    assert.equal(checkBlobs(folder), 1);
  });

  test('a drive that is full: what is fetched is told as not written, and comes when there is room', async (t) => {
    const { folder, fill, empty } = await plugDrive(t, 40);
    fill(MIB);
    const events = await fetchAll(folder);
    assert.ok(events.some(({ event }) => event === 'file-not-written' || event === 'file-held'));
    assert.ok(checkBlobs(folder) < CONTENTS.size);
    empty();
    await fetchAll(folder);
    assert.equal(checkBlobs(folder), CONTENTS.size);
  });

  test('a drive that goes in the middle of an import: nothing comes to pass for it', async (t) => {
    const { home, folder, plug, unplug } = await plugDrive(t, 60);
    const args = importArgs(home);
    const importing = runHere(home, args);
    await eventually(() => (tmpOf(folder).length > 0 ? true : null));
    unplug();
    const gone = await importing;
    assert.notEqual(gone.code, 0);
    assert.notEqual(failureOf(gone), 'internal', gone.stdout);
    assert.deepEqual(readdirSync(folder), []);
    const without = await runHere(home, args);
    assert.equal(failureOf(without), 'no-store');
    plug();
    await createStore(folder);
    assert.equal((await runHere(home, args)).code, 0);
    assert.equal(checkBlobs(folder), 1);
  });

  test('a drive that goes in the middle of a fetch: nothing comes to pass for it', async (t) => {
    const { folder, plug, unplug } = await plugDrive(t, 60);
    let parts = 0;
    const events = await fetchAll(folder, () => {
      parts += 1;
      if (parts === 2) unplug();
    });
    assert.ok(events.some(({ event }) => event !== 'file-fetched'));
    assert.deepEqual(readdirSync(folder), []);
    plug();
    await createStore(folder);
    await fetchAll(folder);
    assert.equal(checkBlobs(folder), CONTENTS.size);
  });
}
