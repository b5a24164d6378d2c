// Takes a file through all cores leaf by leaf: what prepares a leaf (copying it, say) and what hashes one overlap.
import { availableParallelism } from 'node:os';
import { ID_BYTES } from '../../core/ids.js';
import { leafCountOf, leafLengthOf, rootOf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
import { HASH_IDLE_MS, type HashedFile } from './hash-file.js';
import { inLanes } from './lanes.js';
import { createLeafThreads } from './leaf-threads.js';

export interface PipelineRun {
  /** Open for reading; its first `size` bytes, at least 1, are hashed. */
  readonly fd: number;
  readonly size: number;
  /** Called before a leaf is hashed: afterwards its bytes have to be there. */
  readonly prepare?: (index: number, length: number) => Promise<void>;
  /** Called when so many more bytes are done. */
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

export interface LeafPipeline {
  /**
   * Null where the file has fewer bytes, or cannot be read. Rejects with the signal's reason, or what `prepare` rejects
   * with; `fd` is not used any more then.
   */
  run(run: PipelineRun): Promise<HashedFile | null>;
  close(): Promise<void>;
}

class Unreadable extends Error {}

/** On `threads` threads, by default one for each core; one leaf more is prepared meanwhile. */
export function createLeafPipeline(threads = availableParallelism()): LeafPipeline {
  const workers = createLeafThreads(threads, HASH_IDLE_MS);

  async function digestsOf({ fd, size, prepare, onBytes, signal }: PipelineRun): Promise<Uint8Array> {
    const digests = new Uint8Array(ID_BYTES * leafCountOf(size));
    await inLanes(threads + 1, indexes(leafCountOf(size)), async (index) => {
      signal.throwIfAborted();
      const length = leafLengthOf(size, index);
      await prepare?.(index, length);
      const digest = await workers.digest({ fd, index, length });
      if (digest === null) throw new Unreadable();
      digests.set(digest, ID_BYTES * index);
      onBytes(length);
    });
    return digests;
  }

  return {
    async run(run) {
      try {
        const digests = await digestsOf(run);
        return { size: run.size, digests, id: rootOf(createSkein(), run.size, digests) };
      } catch (error) {
        if (error instanceof Unreadable) return null;
        throw error;
      }
    },
    close: () => workers.close(),
  };
}

function* indexes(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}
