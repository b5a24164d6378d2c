import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLeafThreads } from '../../../dist/adapters/files/leaf-threads.js';
import { LEAF_BYTES, leafDigest } from '../../../dist/core/skein/hashing.js';
import { createSkein } from '../../../dist/core/skein/skein.js';
import { pattern } from './temp-store.js';

/** The first bytes of memory that threads share. */
function share(content: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(LEAF_BYTES), 0, content.length);
  bytes.set(content);
  return bytes;
}

test('leaves in shared memory are hashed where they lie, by their index', async (t) => {
  const threads = createLeafThreads(2, 1000);
  t.after(() => threads.close());
  const leaves = [pattern(LEAF_BYTES), pattern(LEAF_BYTES, 1), pattern(4321, 2)];
  const digests = await Promise.all(
    leaves.map((leaf, index) => threads.digest({ index, bytes: share(leaf) })),
  );
  const skein = createSkein();
  assert.deepEqual(
    digests.map((digest) => digest && Buffer.from(digest)),
    leaves.map((leaf, index) => Buffer.from(leafDigest(skein, index, leaf))),
  );
});

test('memory may be written anew when its digest is there', async (t) => {
  const threads = createLeafThreads(1, 1000);
  t.after(() => threads.close());
  const bytes = share(pattern(100_000));
  const before = await threads.digest({ index: 0, bytes });
  bytes[0] = ~(bytes[0] ?? 0);
  const after = await threads.digest({ index: 0, bytes });
  assert.ok(before && after);
  assert.notDeepEqual(after, before);
  assert.deepEqual(Buffer.from(after), Buffer.from(leafDigest(createSkein(), 0, bytes)));
});

test('what no leaf can be has no digest, and the thread goes on', async (t) => {
  const threads = createLeafThreads(1, 1000);
  t.after(() => threads.close());
  assert.equal(await threads.digest({ index: 0, bytes: share(new Uint8Array()) }), null);
  assert.ok(await threads.digest({ index: 0, bytes: share(pattern(1)) }));
});
