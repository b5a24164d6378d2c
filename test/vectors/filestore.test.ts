import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeDbase32, encodeDbase32 } from '../../dist/core/dbase32.js';
import {
  LEAF_BYTES,
  MAX_FILE_BYTES,
  MAX_LEAVES,
  leafCountOf,
  leafDigest,
  leafIn,
  leafLengthOf,
  readTwoDigests,
  rootOf,
  type UnreadLeaf,
} from '../../dist/core/skein/hashing.js';
import { createSkeinPair } from '../../dist/core/skein/skein.js';

interface Vectors {
  readonly leaves: readonly { byte: string; count: number; index: number; digest: string }[];
  readonly files: readonly { leaves: string; size: number; id: string }[];
  readonly root: { size: number; digests: readonly string[]; id: string };
}
const path = new URL('../../test/vectors/filestore.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

const pair = createSkeinPair();
const [skein] = pair.skeins;

for (const { byte, count, index, digest } of vectors.leaves) {
  test(`leaf ${index} of ${count} times ${byte} has its digest`, () => {
    const bytes = new Uint8Array(count).fill(byte.charCodeAt(0));
    assert.equal(encodeDbase32(leafDigest(skein, index, bytes)), digest);
  });
}

const unread = ({ byte, count, index }: Vectors['leaves'][number]): UnreadLeaf => ({
  index,
  length: count,
  read: (into) => into.fill(byte.charCodeAt(0)),
});

for (const leaf of vectors.leaves) {
  test(`leaf ${leaf.index} of ${leaf.count} times ${leaf.byte} has its digest beside any other`, () => {
    for (const other of vectors.leaves) {
      const digests = readTwoDigests(pair, unread(leaf), unread(other));
      assert.deepEqual(digests.map(encodeDbase32), [leaf.digest, other.digest]);
    }
  });
}

for (const { leaves, size, id } of vectors.files) {
  test(`a file of ${size} bytes, ${leaves}, has its id`, () => {
    const digests = Array.from(leaves, (byte, index) => {
      const vector = vectors.leaves.find((leaf) => leaf.byte === byte && leaf.index === index);
      return decodeDbase32(vector?.digest ?? '') ?? assert.fail('no such leaf');
    });
    assert.equal(leafCountOf(size), digests.length);
    assert.equal(rootOf(skein, size, Buffer.concat(digests)), id);
  });
}

test('the id of three leaves, from their raw digests', () => {
  const { size, digests, id } = vectors.root;
  const raw = Buffer.concat(digests.map((digest) => Buffer.from(digest, 'base64')));
  assert.equal(rootOf(skein, size, raw), id);
  assert.notEqual(rootOf(skein, size - 1, raw), id);
});

test('a leaf has between 1 byte and 8 MiB, and an index that some file has', () => {
  assert.throws(() => leafDigest(skein, 0, new Uint8Array(0)), RangeError);
  assert.throws(() => leafDigest(skein, 0, new Uint8Array(LEAF_BYTES + 1)), RangeError);
  assert.equal(leafDigest(skein, MAX_LEAVES - 1, new Uint8Array(1)).length, 30);
  const one = new Uint8Array(1);
  for (const index of [MAX_LEAVES, -1, 0.5, NaN])
    assert.throws(() => leafDigest(skein, index, one), RangeError);
  for (const length of [0, LEAF_BYTES + 1, -1, 0.5, NaN])
    assert.throws(() => readTwoDigests(pair, leafIn(0, one), { ...leafIn(1, one), length }), RangeError);
});

test('a root takes exactly the digests of its size', () => {
  assert.throws(() => rootOf(skein, LEAF_BYTES + 1, new Uint8Array(30)), RangeError);
  assert.throws(() => rootOf(skein, LEAF_BYTES, new Uint8Array(60)), RangeError);
  assert.throws(() => rootOf(skein, 1, new Uint8Array(29)), RangeError);
  assert.equal(rootOf(skein, LEAF_BYTES, new Uint8Array(30)).length, 48);
});

test('sizes and leaves, around their limits', () => {
  assert.deepEqual([1, LEAF_BYTES, LEAF_BYTES + 1].map(leafCountOf), [1, 1, 2]);
  assert.equal(leafCountOf(MAX_FILE_BYTES), MAX_LEAVES);
  for (const size of [0, -1, 1.5, NaN, MAX_FILE_BYTES + 1])
    assert.throws(() => leafCountOf(size), RangeError);
  assert.equal(leafLengthOf(LEAF_BYTES + 1, 0), LEAF_BYTES);
  assert.equal(leafLengthOf(LEAF_BYTES + 1, 1), 1);
  assert.equal(leafLengthOf(MAX_FILE_BYTES, MAX_LEAVES - 1), LEAF_BYTES - 1);
  assert.throws(() => leafLengthOf(LEAF_BYTES, 1), RangeError);
});
