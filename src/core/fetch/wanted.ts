// The blobs that documents name and that are not here: in which databases each is named, and whether a person asked
// for it. Bounded, since whoever may write documents may name what they like.
import type { BlobId } from '../ids.js';

/** Of one device. What is named beyond that is found again when some of them have come. */
export const MAX_WANTED = 262_144;

export interface WantedBlob {
  readonly id: BlobId;
  /** Names of the databases. */
  readonly databases: ReadonlySet<string>;
  /** A person asked for it: no filter and no quota holds it back. */
  readonly isDemanded: boolean;
}

export interface Wanted {
  /** False where there is no room for it. */
  add(id: BlobId, database: string): boolean;
  /** Its document in this database is gone; forgotten when no other names it. */
  unname(id: BlobId, database: string): void;
  demand(id: BlobId): void;
  /** It is here now. */
  remove(id: BlobId): void;
  get(id: BlobId): WantedBlob | null;
  list(): Iterable<WantedBlob>;
  readonly size: number;
}

export function createWanted(max = MAX_WANTED): Wanted {
  const blobs = new Map<BlobId, { id: BlobId; databases: Set<string>; isDemanded: boolean }>();
  return {
    add(id, database) {
      const known = blobs.get(id);
      if (known === undefined && blobs.size >= max) return false;
      if (known === undefined) blobs.set(id, { id, databases: new Set([database]), isDemanded: false });
      else known.databases.add(database);
      return true;
    },
    unname(id, database) {
      const known = blobs.get(id);
      known?.databases.delete(database);
      if (known?.databases.size === 0) blobs.delete(id);
    },
    demand(id) {
      const known = blobs.get(id);
      if (known !== undefined) known.isDemanded = true;
    },
    remove: (id) => void blobs.delete(id),
    get: (id) => blobs.get(id) ?? null,
    list: () => blobs.values(),
    get size() {
      return blobs.size;
    },
  };
}
