// How a blob is hashed (FileStore protocol V1): leaf by leaf, and then its root, which is its id. Knows no file: the
// bytes come in.
import { ID_BYTES, formatBlobId, type BlobId } from '../ids.js';
import type { Skein } from './skein.js';

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

/** A leaf on its way through a Skein. */
export interface LeafHash {
  /** More of the leaf; throws `RangeError` beyond 8 MiB. */
  update(bytes: Uint8Array): void;
  /** The digest, 30 bytes; throws `RangeError` for a leaf without a byte. */
  finish(): Uint8Array;
}

/** Begins leaf `index` of a file. Until it is finished, nothing else may be hashed with this `skein`. */
export function startLeaf(skein: Skein, index: number): LeafHash {
  if (!Number.isInteger(index) || index < 0 || index >= MAX_LEAVES) throw new RangeError('no such leaf');
  skein.start(text.encode(String(index)), LEAF_PERSONALIZATION);
  let length = 0;
  return {
    update(bytes) {
      length += bytes.length;
      if (length > LEAF_BYTES) throw new RangeError('a leaf has at most 8 MiB');
      skein.update(bytes);
    },
    finish() {
      if (length === 0) throw new RangeError('a leaf has at least one byte');
      return skein.finish();
    },
  };
}

/** The digest, 30 bytes, of a whole leaf of 1 byte to 8 MiB; throws `RangeError` for any other length. */
export function leafDigest(skein: Skein, index: number, bytes: Uint8Array): Uint8Array {
  const leaf = startLeaf(skein, index);
  leaf.update(bytes);
  return leaf.finish();
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
