// Begins one blob: gets its leaf digests from a peer, proves them by the id, looks for a store with room, and opens what
// an earlier run left there.
import type { LeafThreads } from '../../adapters/files/leaf-threads.js';
import { openPartialBlob, type PartialBlob } from '../../adapters/files/partial-blob.js';
import { PeerFailed, type ClaimedLeaves, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import type { Hold } from '../../core/fetch/rules.js';
import { leafLengthOf, rootOf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
import type { BlobId, DeviceId } from '../../core/ids.js';

export interface OpenedBlob {
  readonly id: BlobId;
  readonly size: number;
  readonly digests: Uint8Array;
  readonly partial: PartialBlob;
}

export interface OpenBlobContext {
  readonly client: Pick<PeerClient, 'leaves'>;
  readonly threads: LeafThreads;
  readonly signal: AbortSignal;
  /** The parent folder of the store that takes so many bytes more, or why there is none. */
  readonly chooseStore: (
    id: BlobId,
    size: number,
  ) => Promise<{ readonly parent: string } | { readonly hold: Hold }>;
  /** What this peer said is not what the id says. */
  readonly onBadSource: (device: DeviceId, id: BlobId) => void;
  readonly onNotThere: (device: DeviceId, id: BlobId) => void;
}

/** Null when none of the sources gave digests that are right. */
export async function openBlob(
  id: BlobId,
  sources: readonly DeviceId[],
  context: OpenBlobContext,
): Promise<OpenedBlob | { readonly hold: Hold } | null> {
  const leaves = await provenLeaves(id, sources, context);
  if (leaves === null) return null;
  const { size, digests } = leaves;
  const store = await context.chooseStore(id, size);
  if ('hold' in store) return store;
  const { threads } = context;
  const partial = await openPartialBlob({ parent: store.parent, id, size, digests, threads });
  return { id, size, digests, partial };
}

/** Bytes that are still to come. */
export const missingBytes = ({ size, partial }: OpenedBlob): number =>
  partial.missing.reduce((sum, index) => sum + leafLengthOf(size, index), 0);

async function provenLeaves(
  id: BlobId,
  sources: readonly DeviceId[],
  { client, signal, onBadSource, onNotThere }: OpenBlobContext,
): Promise<ClaimedLeaves | null> {
  for (const device of sources) {
    try {
      const claimed = await client.leaves(device, id, signal);
      if (isProven(id, claimed)) return claimed;
      onBadSource(device, id);
    } catch (error) {
      if (!(error instanceof PeerFailed)) throw error;
      if (error.status === 404) onNotThere(device, id);
    }
  }
  return null;
}

function isProven(id: BlobId, { size, digests }: ClaimedLeaves): boolean {
  try {
    return rootOf(createSkein(), size, digests) === id;
  } catch {
    // No blob has such a size, or so many leaves.
    return false;
  }
}
