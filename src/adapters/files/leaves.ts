// The leaf digests of blobs that are here, with which any part of a blob can be checked: from memory, from the sidecar
// beside the blob, else hashed once for all who wait. Writes nothing; whoever is answered must not write into it.
import { LRUCache } from 'lru-cache';
import { ID_BYTES, type BlobId } from '../../core/ids.js';
import { leafCountOf, rootOf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
import { HASH_IDLE_MS, createFileHasher } from './hash-file.js';
import { openFileBelow } from './open-below.js';
import { createShared } from './shared.js';
import { placeOf, type OpenBlob, type Stores } from './stores.js';
import { createTurns } from './turns.js';

/** Section 4 of the design. A blob whose digests would not fit, of 17 TiB and more, has no leaves here. */
export const LEAVES_CACHE_BYTES = 67_108_864;
/** Section 4: blobs that wait to be hashed. One more is refused. */
export const LEAVES_WAITING = 8;

export interface Leaves {
  /** Of the blob, in bytes. */
  readonly size: number;
  /** Raw, 30 bytes for each leaf, and proved: their root is the blob's id. */
  readonly digests: Uint8Array;
}

/** Null: the blob is not here, or cannot be read. `corrupt`: its content is not what its id says. */
export type LeavesAnswer = Leaves | 'corrupt' | null;

export interface LeafSource {
  /**
   * Throws `Refusal` 'busy' where too many blobs wait to be hashed, and the signal's reason when that is aborted; hashing
   * that nobody waits for any more is dropped.
   */
  leavesOf(id: BlobId, signal: AbortSignal): Promise<LeavesAnswer>;
  /** Ends the thread; who still waits is given an error. */
  close(): Promise<void>;
}

export interface LeavesOptions {
  readonly stores: Pick<Stores, 'open'>;
  readonly cacheBytes?: number;
  readonly waiting?: number;
  readonly idleMs?: number;
}

const digestBytesOf = (blob: OpenBlob): number => ID_BYTES * leafCountOf(blob.size);

/** The sidecar's digests: null where there is none, or one that does not prove itself by the blob's id. */
async function readSidecar(blob: OpenBlob): Promise<Leaves | null> {
  const sidecar = await openFileBelow(blob.store, ...placeOf('leaves', blob.id));
  if (sidecar === null) return null;
  try {
    const digests = new Uint8Array(digestBytesOf(blob));
    const { bytesRead } = await sidecar.handle.read(digests, 0, digests.length, 0);
    if (bytesRead !== digests.length || rootOf(createSkein(), blob.size, digests) !== blob.id) return null;
    return { size: blob.size, digests };
  } catch {
    return null;
  } finally {
    await sidecar.handle.close();
  }
}

/** Leaves of the blobs in `stores`. Begins one thread when there is something to hash. */
export function createLeaves({
  stores,
  cacheBytes = LEAVES_CACHE_BYTES,
  waiting = LEAVES_WAITING,
  idleMs = HASH_IDLE_MS,
}: LeavesOptions): LeafSource {
  const cache = new LRUCache<BlobId, Leaves>({
    maxSize: cacheBytes,
    sizeCalculation: ({ digests }) => digests.length,
  });
  const hasher = createFileHasher({ threads: 1, idleMs });
  const turns = createTurns(waiting);

  async function withBlob<Result>(
    id: BlobId,
    use: (blob: OpenBlob) => Promise<Result>,
  ): Promise<Result | null> {
    const blob = await stores.open(id);
    if (blob === null) return null;
    try {
      return digestBytesOf(blob) > cacheBytes ? null : await use(blob);
    } finally {
      await blob.close();
    }
  }
  const keep = (id: BlobId, leaves: Leaves): Leaves => {
    cache.set(id, leaves);
    return leaves;
  };
  const known = async (blob: OpenBlob): Promise<Leaves | 'unknown'> => {
    const kept = cache.get(blob.id);
    if (kept?.size === blob.size) return kept;
    const proved = await readSidecar(blob);
    return proved === null ? 'unknown' : keep(blob.id, proved);
  };
  const hashed = async (blob: OpenBlob, signal: AbortSignal): Promise<LeavesAnswer> => {
    const file = await hasher.hash(blob, signal);
    if (file === null) return null;
    return file.id === blob.id ? keep(blob.id, { size: file.size, digests: file.digests }) : 'corrupt';
  };

  const shared = createShared(async (id: BlobId, signal): Promise<LeavesAnswer> => {
    const answer = await withBlob(id, known);
    if (answer !== 'unknown') return answer;
    // Opened anew in its turn: while it waits, no descriptor keeps the drive from being unmounted.
    return turns.run(signal, () => withBlob(id, (blob) => hashed(blob, signal)));
  });

  return {
    leavesOf: (id, signal) => shared.get(id, signal),
    close: () => hasher.close(),
  };
}
