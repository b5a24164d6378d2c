// Who fetches which leaf next: blobs that are being fetched, the leaves that they lack, and the peers that have them.
// Leaf by leaf, from every source at once; knows no peer's address and no file.
import type { BlobId, DeviceId } from '../ids.js';

export interface LeafTask {
  readonly id: BlobId;
  readonly index: number;
}

export interface LeafWork {
  /** Begins a blob that lacks these leaves. */
  begin(id: BlobId, missing: Iterable<number>, sources: Iterable<DeviceId>): void;
  /** One more peer has it. */
  addSource(id: BlobId, source: DeviceId): void;
  /** This peer is not asked for this blob any more; without an id, for no blob. */
  dropSource(source: DeviceId, id?: BlobId): void;
  /** What this peer is to be asked for next, taken from the others; null when there is nothing for it. */
  next(source: DeviceId): LeafTask | null;
  /** The leaf is written. True: it was the last one of its blob, which is forgotten here. */
  finished(task: LeafTask): boolean;
  /** The leaf is to be fetched again, by whoever is next. */
  failed(task: LeafTask): void;
  /** Blobs that lack leaves while no peer is left to ask; they are forgotten here. */
  takeStranded(): BlobId[];
  forget(id: BlobId): void;
}

interface Blob {
  readonly missing: number[];
  readonly sources: Set<DeviceId>;
  inFlight: number;
}

/** Blobs in the order in which they were begun, leaves in the order of the file. */
export function createLeafWork(): LeafWork {
  const blobs = new Map<BlobId, Blob>();
  return {
    begin(id, missing, sources) {
      blobs.set(id, {
        missing: [...missing].sort((one, other) => one - other),
        sources: new Set(sources),
        inFlight: 0,
      });
    },
    addSource: (id, source) => void blobs.get(id)?.sources.add(source),
    dropSource(source, id) {
      for (const [key, { sources }] of blobs) if (id === undefined || key === id) sources.delete(source);
    },
    next(source) {
      for (const [id, blob] of blobs) {
        const index = blob.sources.has(source) ? blob.missing.shift() : undefined;
        if (index === undefined) continue;
        blob.inFlight += 1;
        return { id, index };
      }
      return null;
    },
    finished({ id }) {
      const blob = blobs.get(id);
      if (blob === undefined) return false;
      blob.inFlight -= 1;
      if (blob.inFlight > 0 || blob.missing.length > 0) return false;
      return blobs.delete(id);
    },
    failed({ id, index }) {
      const blob = blobs.get(id);
      if (blob === undefined) return;
      blob.inFlight -= 1;
      blob.missing.unshift(index);
    },
    takeStranded() {
      const stranded = [...blobs].filter(([, { sources, inFlight }]) => sources.size === 0 && inFlight === 0);
      for (const [id] of stranded) blobs.delete(id);
      return stranded.map(([id]) => id);
    },
    forget: (id) => void blobs.delete(id),
  };
}
