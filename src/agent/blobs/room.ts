// Which store takes a blob that comes: the first in the blob's order of stores that keeps the room that is to stay free.
import { statfs } from 'node:fs/promises';
import { partialBytes } from '../../adapters/files/partial-blob.js';
import { createStores, rankStores } from '../../adapters/files/stores.js';
import { holdOf, type FetchClass, type FetchRules, type Hold } from '../../core/fetch/rules.js';
import type { BlobId } from '../../core/ids.js';

export interface AskedBlob {
  readonly id: BlobId;
  readonly size: number;
  readonly isDemanded: boolean;
  readonly class: FetchClass;
}

export interface Room {
  readonly stores: readonly string[];
  readonly rules: FetchRules;
  readonly quotaUsedBytes: number;
  /** Bytes that blobs under way will still take in this store. */
  readonly promisedBytes: (parent: string) => number;
}

export async function chooseStore(
  blob: AskedBlob,
  { stores, rules, quotaUsedBytes, promisedBytes }: Room,
): Promise<{ readonly parent: string } | { readonly hold: Hold }> {
  const status = await createStores(stores).status();
  const present = status.filter((store) => store.present).map(({ path }) => path);
  let last: Hold = 'no-room';
  for (const { parent, begunBytes } of await inOrder(blob.id, present)) {
    const { bavail, blocks, bsize } = await statfs(parent);
    const freeBytes = bavail * bsize - promisedBytes(parent);
    const disk = { freeBytes, diskBytes: blocks * bsize, quotaUsedBytes };
    const hold = holdOf({ ...blob, missingBytes: blob.size - begunBytes }, rules, disk);
    if (hold === null) return { parent };
    last = hold;
  }
  return { hold: last };
}

/** Where it was begun it goes on. */
async function inOrder(
  id: BlobId,
  parents: readonly string[],
): Promise<{ readonly parent: string; readonly begunBytes: number }[]> {
  const ranked = await Promise.all(
    rankStores(id, parents).map(async (parent) => ({
      parent,
      begunBytes: (await partialBytes(parent, id)) ?? 0,
    })),
  );
  return ranked.sort((one, other) => other.begunBytes - one.begunBytes);
}
