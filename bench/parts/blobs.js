// A FileStore of blobs whose bytes a client can check without a copy of them: one random block, over and over.
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LEAF_BYTES, leafCountOf, leafDigest, rootOf } from '../../dist/core/skein/hashing.js';
import { createSkein } from '../../dist/core/skein/skein.js';

export const BLOCK_BYTES = 1_048_576;

/** Makes the store below `parent`; `put` adds a blob of `size` bytes and tells its id and where nginx finds it. */
export function makeStore(parent) {
  const files = join(parent, '.dmedia/files');
  mkdirSync(files, { recursive: true });
  const block = randomBytes(BLOCK_BYTES);
  const blockFile = join(parent, 'block');
  writeFileSync(blockFile, block);
  const skein = createSkein();

  function put(size) {
    const leaf = Buffer.alloc(Math.min(size, LEAF_BYTES));
    for (let at = 0; at < leaf.length; at += BLOCK_BYTES) block.copy(leaf, at);
    const count = leafCountOf(size);
    const digests = Buffer.alloc(30 * count);
    for (let index = 0; index < count; index++) {
      const bytes = leaf.subarray(0, Math.min(LEAF_BYTES, size - index * LEAF_BYTES));
      digests.set(leafDigest(skein, index, bytes), 30 * index);
    }
    const id = rootOf(skein, size, digests);
    mkdirSync(join(files, id.slice(0, 2)), { recursive: true });
    const file = openSync(join(files, id.slice(0, 2), id.slice(2)), 'w');
    for (let left = size; left > 0; left -= LEAF_BYTES) writeSync(file, leaf, 0, Math.min(left, LEAF_BYTES));
    closeSync(file);
    return { id, size, blobPath: `/files/${id}`, plainPath: `/files/${id.slice(0, 2)}/${id.slice(2)}` };
  }
  return { parent, dmedia: join(parent, '.dmedia'), block, blockFile, put };
}
