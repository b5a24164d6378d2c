import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { createLeafThreads } from '../../../dist/adapters/files/leaf-threads.js';
import { openPartialBlob, type PartialBlob } from '../../../dist/adapters/files/partial-blob.js';
import { LEAF_BYTES } from '../../../dist/core/skein/hashing.js';
import { hashOf, makeStore, pathOf, pattern } from './temp-store.js';

const content = pattern(LEAF_BYTES + 4321);
const leaves = [content.subarray(0, LEAF_BYTES), content.subarray(LEAF_BYTES)];
const { id, digests } = hashOf(content);

/** A blob that is begun, and begun again with the same words. */
function beginnerOf(t: TestContext, parent: string): () => Promise<PartialBlob> {
  const threads = createLeafThreads(1, 1000);
  t.after(() => threads.close());
  return () => openPartialBlob({ parent, id, size: content.length, digests, threads });
}

async function writeAll(partial: PartialBlob): Promise<void> {
  for (const [index, leaf] of leaves.entries()) await partial.write(index, leaf);
}

/** The next flush of any file is refused, as by a disk that fails; the ones after it find nothing to complain of. */
async function refuseOneFlush(t: TestContext, path: string): Promise<void> {
  const handle = await open(path, 'w');
  await handle.close();
  const files = Object.getPrototypeOf(handle) as FileHandle;
  t.mock.method(files, 'datasync', () => Promise.reject(new Error('EIO')), { times: 1 });
}

test('leaves that were written are there after a stop, and a whole blob appears in the store', async (t) => {
  const parent = makeStore(t);
  const begin = beginnerOf(t, parent);
  const first = await begin();
  assert.deepEqual(first.missing, [0, 1]);
  await first.write(0, leaves[0] ?? assert.fail());
  await first.close();
  const second = await begin();
  assert.deepEqual(second.missing, [1]);
  await second.write(1, leaves[1] ?? assert.fail());
  await second.publish();
  assert.ok(existsSync(pathOf(parent, id)));
});

test('what the disk did not take is not published, and is missing the next time', async (t) => {
  const parent = makeStore(t);
  const begin = beginnerOf(t, parent);
  await refuseOneFlush(t, `${parent}/handle`);
  const failing = await begin();
  const failure = await writeAll(failing)
    .then(() => failing.publish())
    .catch((error: unknown) => error);
  assert.match(String(failure), /EIO/);
  await failing.close();
  assert.ok(!existsSync(pathOf(parent, id)));
  const again = await begin();
  assert.deepEqual(again.missing, [0, 1]);
  await writeAll(again);
  await again.publish();
  assert.ok(existsSync(pathOf(parent, id)));
});
