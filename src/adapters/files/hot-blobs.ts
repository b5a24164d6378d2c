// Small blobs that many ask for just now, in memory for a moment: a disk is asked once a second, not once a request. Holds
// no file open; a blob that is taken away is served for that moment more at most.
import { LRUCache } from 'lru-cache';
import type { BlobId } from '../../core/ids.js';
import type { OpenBlob } from './stores.js';

/** Larger ones cost more to send than to find. */
export const HOT_BLOB_BYTES = 65_536;
/** Of the process's memory, for all of them. */
export const HOT_CACHE_BYTES = 67_108_864;
/** How long after it was read a blob is served from memory. */
export const HOT_MS = 1000;
/** Asked for so often, each time within `HOT_MS` of the time before, it is hot. */
export const HOT_AFTER = 4;

export interface HotBlobs {
  /** Counts that the blob is asked for; its content, where that was read within the last second. */
  ask(id: BlobId): Buffer | null;
  /** Reads a blob that is hot whole, and keeps it; null for others, and where it cannot be read. */
  read(blob: OpenBlob): Promise<Buffer | null>;
}

interface Entry {
  asked: number;
  askedMs: number;
  content: Buffer | null;
  readMs: number;
}

/** What an entry costs beside its bytes, about. */
const ENTRY_BYTES = 256;

export function createHotBlobs(nowMs: () => number): HotBlobs {
  const entries = new LRUCache<BlobId, Entry>({
    maxSize: HOT_CACHE_BYTES,
    sizeCalculation: ({ content }) => ENTRY_BYTES + (content?.length ?? 0),
  });

  return {
    ask(id) {
      const now = nowMs();
      const entry = entries.get(id);
      if (entry === undefined || now - entry.askedMs > HOT_MS) {
        entries.set(id, { asked: 1, askedMs: now, content: null, readMs: -Infinity });
        return null;
      }
      entry.asked += 1;
      entry.askedMs = now;
      return now - entry.readMs < HOT_MS ? entry.content : null;
    },
    async read(blob) {
      const entry = entries.peek(blob.id);
      if (entry === undefined || entry.asked < HOT_AFTER || blob.size > HOT_BLOB_BYTES) return null;
      const readMs = nowMs();
      const content = Buffer.allocUnsafeSlow(blob.size);
      if ((await blob.read(content, 0, blob.size).catch(() => 0)) !== blob.size) return null;
      entries.set(blob.id, { ...entry, content, readMs });
      return content;
    },
  };
}
