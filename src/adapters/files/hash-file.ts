// Hashes a whole file with several threads, a leaf each: its digests, and so its id. What prepares a leaf (copying it,
// say) and what hashes one overlap. Opens and closes nothing.
import { availableParallelism } from 'node:os';
import { ID_BYTES, type BlobId } from '../../core/ids.js';
import { leafCountOf, leafLengthOf, rootOf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
import { inLanes } from './lanes.js';
import { createLeafThreads } from './leaf-threads.js';

/** Threads without work are ended after so long. */
export const HASH_IDLE_MS = 10_000;

export interface HashedFile {
  /** Bytes. */
  readonly size: number;
  /** The raw digests of the leaves, 30 bytes each. */
  readonly digests: Uint8Array;
  readonly id: BlobId;
}

export interface FileToHash {
  /** Open for reading; its first `size` bytes, at least 1, are hashed. */
  readonly fd: number;
  readonly size: number;
  /** Called before a leaf is hashed: afterwards its bytes have to be there. */
  readonly prepare?: (index: number, length: number) => Promise<void>;
  /** Called when so many more bytes are done. */
  readonly onBytes?: (count: number) => void;
}

export interface FileHasher {
  /**
   * Null where the file has fewer bytes, or they cannot be read. Rejects with the signal's reason at the first leaf
   * that it would begin after that is aborted, or with what `prepare` rejects with. Once it settles, `fd` is not used
   * any more. Several files at once share the threads.
   */
  hash(file: FileToHash, signal?: AbortSignal): Promise<HashedFile | null>;
  /** Ends the threads; what is still being hashed rejects. */
  close(): Promise<void>;
}

/** What prepares a leaf may have it in memory. */
const MAX_PREPARED = 8;

class FileUnreadable extends Error {}

/** Hashes on `threads` threads, by default one for each core; none is begun before there is work. */
export function createFileHasher({
  threads = availableParallelism(),
  idleMs = HASH_IDLE_MS,
} = {}): FileHasher {
  const workers = createLeafThreads(threads, idleMs);

  async function digestsOf(file: FileToHash, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { fd, size, prepare, onBytes } = file;
    const digests = new Uint8Array(ID_BYTES * leafCountOf(size));
    const lanes = prepare === undefined ? workers.lanes : Math.min(workers.lanes, MAX_PREPARED);
    await inLanes(lanes, indexes(leafCountOf(size)), async (index) => {
      signal?.throwIfAborted();
      const length = leafLengthOf(size, index);
      await prepare?.(index, length);
      const digest = await workers.digest({ fd, index, length });
      if (digest === null) throw new FileUnreadable();
      digests.set(digest, ID_BYTES * index);
      onBytes?.(length);
    });
    return digests;
  }

  return {
    async hash(file, signal) {
      try {
        const { size } = file;
        const digests = await digestsOf(file, signal);
        return { size, digests, id: rootOf(createSkein(), size, digests) };
      } catch (error) {
        if (error instanceof FileUnreadable) return null;
        throw error;
      }
    },
    close: () => workers.close(),
  };
}

function* indexes(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}
