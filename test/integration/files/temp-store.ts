// FileStores in temporary folders, removed when the test ends.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { formatBlobId, type BlobId } from '../../../dist/core/ids.js';
import { LEAF_BYTES, leafCountOf, leafDigest, rootOf } from '../../../dist/core/skein/hashing.js';
import { createSkein } from '../../../dist/core/skein/skein.js';

/** A new parent folder with an empty store in it. */
export function makeStore(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'patchcord-store-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  mkdirSync(join(parent, '.dmedia/files'), { recursive: true });
  return parent;
}

export const pathOf = (parent: string, id: BlobId, kind: 'files' | 'leaves' = 'files'): string =>
  join(parent, '.dmedia', kind, id.slice(0, 2), id.slice(2));

/** Puts bytes where the blob (or the sidecar) of an id belongs, whatever they are. */
export function put(
  parent: string,
  id: BlobId,
  bytes: Uint8Array,
  kind: 'files' | 'leaves' = 'files',
): string {
  const path = pathOf(parent, id, kind);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** The same id for the same word, for tests in which content does not matter. */
export const anyId = (word: string | number): BlobId =>
  formatBlobId(createHash('sha256').update(String(word)).digest().subarray(0, 30));

/** Bytes that differ from position to position, from buffer to buffer, from leaf to leaf, and from seed to seed. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) {
    bytes[index] = (index * 7 + (index >>> 8) * 3 + (index >>> 16) * 11 + (index >>> 23) * 5 + seed) & 255;
  }
  return bytes;
}

/** Digests and id of a content, as the slow and simple way has them. */
export function hashOf(bytes: Uint8Array): { digests: Buffer; id: BlobId } {
  const skein = createSkein();
  const digests = Buffer.concat(
    Array.from({ length: leafCountOf(bytes.length) }, (_, index) =>
      leafDigest(skein, index, bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES)),
    ),
  );
  return { digests, id: rootOf(skein, bytes.length, digests) };
}

/** How many descriptors of this process lie under a folder. */
export function openUnder(folder: string): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith(folder)).length;
}
