// How a blob is hashed (FileStore protocol V1): leaf by leaf, and then its root, which is its id. Knows no file: the
// bytes come in.
import { ID_BYTES, formatBlobId, type BlobId } from '../ids.js';
import type { ReadMessage, Skein, SkeinPair } from './skein.js';

export const LEAF_BYTES = 8_388_608;
export const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER;
/** Of the largest file. */
export const MAX_LEAVES = 2 ** 30;

const text = new TextEncoder();
const LEAF_PERSONALIZATION = text.encode('20110430 jderose@novacut.com dmedia/leaf');
const ROOT_PERSONALIZATION = text.encode('20110430 jderose@novacut.com dmedia/root');

/** How many leaves a file of this size has; throws `RangeError` for a size that no blob has: 0, or over 2^53 - 1. */
export function leafCountOf(sizeBytes: number): number {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) throw new RangeError('no blob has this size');
  return Math.ceil(sizeBytes / LEAF_BYTES);
}

/** How long leaf `index` of a file of this size is; throws `RangeError` where there is none. */
export function leafLengthOf(sizeBytes: number, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= leafCountOf(sizeBytes))
    throw new RangeError('no such leaf');
  return Math.min(LEAF_BYTES, sizeBytes - index * LEAF_BYTES);
}

/** Leaf `index` of a file, 1 byte to 8 MiB, which `read` reads, from a position in the leaf on. */
export interface UnreadLeaf {
  readonly index: number;
  readonly length: number;
  readonly read: ReadMessage;
}

/** Leaf `index` of a file, whole in memory. */
export const leafIn = (index: number, bytes: Uint8Array): UnreadLeaf => ({
  index,
  length: bytes.length,
  read: (into, position) => into.set(bytes.subarray(position, position + into.length)),
});

/** The digest, 30 bytes, of a whole leaf of 1 byte to 8 MiB; throws `RangeError` for any other length. */
export const leafDigest = (skein: Skein, index: number, bytes: Uint8Array): Uint8Array =>
  readDigest(skein, leafIn(index, bytes));

/** The digest, 30 bytes; throws `RangeError` for a length that no leaf has, and what `read` throws. */
export function readDigest(skein: Skein, leaf: UnreadLeaf): Uint8Array {
  startUnread(skein, leaf);
  return finishUnread(skein, leaf, 0);
}

/** `readDigest` of two leaves, of any files, beside each other as far as both go: sooner than one after the other. */
export function readTwoDigests(
  pair: SkeinPair,
  one: UnreadLeaf,
  other: UnreadLeaf,
): [Uint8Array, Uint8Array] {
  const [first, second] = pair.skeins;
  startUnread(first, one);
  startUnread(second, other);
  const both = Math.min(one.length, other.length);
  pair.updateBothFrom(both, [one.read, other.read]);
  return [finishUnread(first, one, both), finishUnread(second, other, both)];
}

function startUnread(skein: Skein, { index, length }: UnreadLeaf): void {
  if (!Number.isInteger(length) || length < 1 || length > LEAF_BYTES)
    throw new RangeError('a leaf has 1 byte to 8 MiB');
  if (!Number.isInteger(index) || index < 0 || index >= MAX_LEAVES) throw new RangeError('no such leaf');
  skein.start(text.encode(String(index)), LEAF_PERSONALIZATION);
}

function finishUnread(skein: Skein, { length, read }: UnreadLeaf, done: number): Uint8Array {
  skein.updateFrom(length - done, (into, position) => read(into, done + position));
  return skein.finish();
}

/**
 * The id of a file of this size whose raw leaf digests, 30 bytes each, stand one after the other in `leafDigests`;
 * throws `RangeError` where there are more or fewer than a file of this size has.
 */
export function rootOf(skein: Skein, sizeBytes: number, leafDigests: Uint8Array): BlobId {
  if (leafDigests.length !== ID_BYTES * leafCountOf(sizeBytes))
    throw new RangeError('not the digests of this size');
  skein.start(text.encode(String(sizeBytes)), ROOT_PERSONALIZATION);
  skein.update(leafDigests);
  return formatBlobId(skein.finish());
}
