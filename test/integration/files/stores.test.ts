import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { HAVE_LANES, createStores, rankStores, type Stores } from '../../../dist/adapters/files/stores.js';
import type { BlobId } from '../../../dist/core/ids.js';
import { anyId, makeStore, openUnder, pathOf, pattern, put } from './temp-store.js';

const id = anyId('blob');

async function isOpened(stores: Stores, which: BlobId): Promise<boolean> {
  const blob = await stores.open(which);
  await blob?.close();
  return blob !== null;
}

test('a blob is opened and read by position', async (t) => {
  const parent = makeStore(t);
  const bytes = pattern(1000);
  put(parent, id, bytes);
  const blob = await createStores([parent]).open(id);
  assert.ok(blob);
  assert.deepEqual([blob.id, blob.size, blob.store], [id, 1000, parent]);
  const buffer = Buffer.alloc(20);
  assert.equal(await blob.read(buffer, 100, 10), 10);
  assert.deepEqual(buffer.subarray(0, 10), bytes.subarray(100, 110));
  assert.deepEqual(buffer.subarray(10), Buffer.alloc(10));
  assert.equal(await blob.read(buffer, 995, 20), 5);
  assert.equal(await blob.read(buffer, 1000, 20), 0);
  await blob.close();
  await blob.close();
  await assert.rejects(blob.read(buffer, 0, 1));
});

test('what is not there is null: an unknown id, an empty file, a missing store', async (t) => {
  const parent = makeStore(t);
  put(parent, id, Buffer.alloc(0));
  const stores = createStores([join(parent, 'nowhere'), parent]);
  assert.equal(await stores.open(id), null);
  assert.equal(await stores.open(anyId('other')), null);
  put(parent, id, Buffer.alloc(1));
  assert.equal(await isOpened(stores, id), true);
});

const inPlaceOfBlob: Readonly<Record<string, (path: string) => void>> = {
  'a folder': (path) => mkdirSync(path),
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a link to a good blob': (path) => {
    writeFileSync(`${path}-real`, 'x');
    symlinkSync(`${path}-real`, path);
  },
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
};
for (const [what, make] of Object.entries(inPlaceOfBlob)) {
  test(`${what} in the place of a blob is not there`, async (t) => {
    const parent = makeStore(t);
    const path = put(parent, id, Buffer.from('x'));
    const stores = createStores([parent]);
    assert.equal(await isOpened(stores, id), true);
    rmSync(path);
    make(path);
    assert.equal(await stores.open(id), null);
    assert.deepEqual(await stores.has([id]), []);
    assert.equal(openUnder(parent), 0);
  });
}

for (const level of ['.dmedia', '.dmedia/files', dirname(pathOf('', id))]) {
  test(`a symbolic link in the place of ${level} is not followed`, async (t) => {
    const parent = makeStore(t);
    put(parent, id, Buffer.from('x'));
    const folder = join(parent, level);
    renameSync(folder, `${folder}-real`);
    symlinkSync(`${folder}-real`, folder);
    const stores = createStores([parent]);
    assert.equal(await stores.open(id), null);
    assert.deepEqual(await stores.has([id]), []);
    rmSync(folder);
    renameSync(`${folder}-real`, folder);
    assert.equal(await isOpened(stores, id), true);
    assert.equal(openUnder(parent), 0);
  });
}

test('a store that is broken is skipped, and the others are read', async (t) => {
  const [broken, good] = [makeStore(t), makeStore(t)];
  rmSync(join(broken, '.dmedia'), { recursive: true });
  writeFileSync(join(broken, '.dmedia'), 'not a folder');
  for (let number = 0; number < 10; number++) put(good, anyId(number), Buffer.from('x'));
  const stores = createStores([broken, good]);
  for (let number = 0; number < 10; number++) assert.equal(await isOpened(stores, anyId(number)), true);
});

test('a store that is taken away is found again when it is back', async (t) => {
  const parent = makeStore(t);
  put(parent, id, Buffer.from('x'));
  const stores = createStores([parent]);
  assert.equal(await isOpened(stores, id), true);
  renameSync(parent, `${parent}-away`);
  assert.equal(await stores.open(id), null);
  assert.deepEqual(await stores.status(), [{ path: parent, present: false, freeBytes: null }]);
  renameSync(`${parent}-away`, parent);
  assert.equal(await isOpened(stores, id), true);
});

test('nothing is held open while nobody reads', async (t) => {
  const parent = makeStore(t);
  put(parent, id, Buffer.from('x'));
  const stores = createStores([parent]);
  const blob = await stores.open(id);
  assert.equal(openUnder(parent), 1);
  await blob?.close();
  await stores.has([id, anyId('other')]);
  await stores.status();
  assert.equal(openUnder(parent), 0);
});

test('has answers in the order asked, with many ids in several stores', async (t) => {
  const parents = [makeStore(t), makeStore(t)];
  const ids = Array.from({ length: 10 * HAVE_LANES }, (_, number) => anyId(number));
  const here = ids.filter((_, number) => number % 3 !== 0);
  here.forEach((one, number) => put(parents[number % 2] ?? '', one, Buffer.from('x')));
  const stores = createStores(parents);
  assert.deepEqual(await stores.has(ids), here);
  assert.deepEqual(await stores.has(ids.toReversed()), here.toReversed());
  assert.deepEqual(await stores.has([]), []);
});

test('has names an id as often as it was asked for', async (t) => {
  const parent = makeStore(t);
  put(parent, id, Buffer.from('x'));
  assert.deepEqual(await createStores([parent]).has([id, anyId('other'), id]), [id, id]);
});

test('the status says which stores are present, and the room', async (t) => {
  const parent = makeStore(t);
  const away = join(parent, 'nowhere');
  const [here, missing] = await createStores([parent, away]).status();
  assert.ok(here?.present === true && here.freeBytes !== null && here.freeBytes > 0);
  assert.deepEqual(missing, { path: away, present: false, freeBytes: null });
});

const PARENTS = ['/media/a', '/media/b', '/media/c', '/media/d'];
const IDS = Array.from({ length: 400 }, (_, number) => anyId(number));

test('the order of stores is the same whatever order they are named in', () => {
  for (const one of IDS) assert.deepEqual(rankStores(one, PARENTS), rankStores(one, PARENTS.toReversed()));
});

test('a store more or less moves no other store in the order', () => {
  for (const one of IDS) {
    const order = rankStores(one, PARENTS);
    for (const gone of PARENTS) {
      const rest = PARENTS.filter((parent) => parent !== gone);
      assert.deepEqual(
        rankStores(one, rest),
        order.filter((parent) => parent !== gone),
      );
    }
  }
});

test('the load spreads over the stores', () => {
  for (const parent of PARENTS) {
    const first = IDS.filter((one) => rankStores(one, PARENTS)[0] === parent);
    assert.ok(first.length > 50, `${parent} is first for ${first.length} of ${IDS.length}`);
  }
});

test('a blob in several stores comes from the first in its order, and from the next without that', async (t) => {
  const parents = [makeStore(t), makeStore(t), makeStore(t)];
  const stores = createStores(parents);
  for (const one of IDS.slice(0, 10)) {
    for (const parent of parents) put(parent, one, Buffer.from('x'));
    for (const expected of rankStores(one, parents)) {
      const blob = await stores.open(one);
      assert.equal(blob?.store, expected);
      await blob.close();
      rmSync(pathOf(expected, one));
    }
    assert.equal(await stores.open(one), null);
  }
});
