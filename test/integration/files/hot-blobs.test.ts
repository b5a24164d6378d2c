// Small blobs in memory for a moment: which, since when, and until when; the clock is the test's.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import {
  createHotBlobs,
  HOT_AFTER,
  HOT_BLOB_BYTES,
  HOT_MS,
  type HotBlobs,
} from '../../../dist/adapters/files/hot-blobs.js';
import { createStores, type Stores } from '../../../dist/adapters/files/stores.js';
import type { BlobId } from '../../../dist/core/ids.js';
import { anyId, makeStore, openUnder, pathOf, pattern, put } from './temp-store.js';

const ID = anyId('hot');

function lab(t: TestContext, size: number) {
  const parent = makeStore(t);
  const bytes = pattern(size);
  put(parent, ID, bytes);
  const clock = { ms: 1000 };
  return { parent, bytes, clock, stores: createStores([parent]), hot: createHotBlobs(() => clock.ms) };
}

/** What the blob is served from, as a handler asks. */
async function askFor(
  hot: HotBlobs,
  stores: Stores,
  id: BlobId,
): Promise<'memory' | 'read whole' | 'disk' | null> {
  if (hot.ask(id) !== null) return 'memory';
  const blob = await stores.open(id);
  if (blob === null) return null;
  const read = await hot.read(blob);
  await blob.close();
  return read === null ? 'disk' : 'read whole';
}

async function heat(hot: HotBlobs, stores: Stores): Promise<void> {
  for (let asked = 1; asked < HOT_AFTER; asked++) assert.equal(await askFor(hot, stores, ID), 'disk');
  assert.equal(await askFor(hot, stores, ID), 'read whole');
}

test('one that is asked for often is kept, with what it holds, and no file stays open', async (t) => {
  const { parent, bytes, stores, hot } = lab(t, 1000);
  await heat(hot, stores);
  assert.deepEqual(hot.ask(ID), bytes);
  assert.equal(openUnder(parent), 0);
});

test('one that was taken away is gone after the moment, and not before', async (t) => {
  const { parent, stores, hot, clock } = lab(t, 1000);
  await heat(hot, stores);
  rmSync(pathOf(parent, ID));
  clock.ms += HOT_MS - 1;
  assert.equal(await askFor(hot, stores, ID), 'memory');
  clock.ms += 1;
  assert.equal(await askFor(hot, stores, ID), null);
});

test('one that is asked for now and then is looked for each time', async (t) => {
  const { stores, hot, clock } = lab(t, 1000);
  for (let asked = 0; asked < 2 * HOT_AFTER; asked++) {
    assert.equal(await askFor(hot, stores, ID), 'disk');
    clock.ms += HOT_MS + 1;
  }
});

test('one of the largest size is kept, and one of a byte more is not', async (t) => {
  const largest = lab(t, HOT_BLOB_BYTES);
  await heat(largest.hot, largest.stores);
  assert.equal(largest.hot.ask(ID)?.length, HOT_BLOB_BYTES);
  const larger = lab(t, HOT_BLOB_BYTES + 1);
  for (let asked = 0; asked < 2 * HOT_AFTER; asked++)
    assert.equal(await askFor(larger.hot, larger.stores, ID), 'disk');
});
