// Hashes a whole file with several threads, a leaf each: its digests, and so its id. Opens and closes nothing.
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

export interface FileHasher {
  /**
   * Hashes the first `size` bytes behind `fd`, at least 1; null where there are fewer, or they cannot be read. Rejects
   * with the signal's reason at the first leaf that it would begin after that is aborted. Once it settles, `fd` is not
   * read any more. Several files at once share the threads.
   */
  hash(
    file: { readonly fd: number; readonly size: number },
    signal?: AbortSignal,
  ): Promise<HashedFile | null>;
  /** Ends the threads; what is still being hashed rejects. */
  close(): Promise<void>;
}

class FileUnreadable extends Error {}

/** Hashes on `threads` threads, by default one for each core; none is begun before there is work. */
export function createFileHasher({
  threads = availableParallelism(),
  idleMs = HASH_IDLE_MS,
} = {}): FileHasher {
  const workers = createLeafThreads(threads, idleMs);

  async function digestsOf(fd: number, size: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const digests = new Uint8Array(ID_BYTES * leafCountOf(size));
    await inLanes(threads, indexes(leafCountOf(size)), async (index) => {
      signal?.throwIfAborted();
      const digest = await workers.digest({ fd, index, length: leafLengthOf(size, index) });
      if (digest === null) throw new FileUnreadable();
      digests.set(digest, ID_BYTES * index);
    });
    return digests;
  }

  return {
    async hash({ fd, size }, signal) {
      try {
        const digests = await digestsOf(fd, size, signal);
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
