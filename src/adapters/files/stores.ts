// Reads from FileStores: finds the blob of an id in any of them. Writes nothing, and holds nothing open while nobody
// reads: a drive can be taken away at any time, and is found again when it is back.
import { createHash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import type { BlobId } from '../../core/ids.js';
import { MAX_FILE_BYTES } from '../../core/skein/hashing.js';
import { inLanes } from './lanes.js';
import { isFolderBelow, openFileBelow, type OpenFile } from './open-below.js';

/** How many ids of one `has` are looked up at the same time. */
export const HAVE_LANES = 8;

/** A blob, open for reading; whoever opened it closes it. */
export interface OpenBlob {
  readonly id: BlobId;
  /** Bytes: 1 to 2^53 - 1. */
  readonly size: number;
  /** The parent folder of the store that has it. */
  readonly store: string;
  /** The descriptor, for a thread that reads by itself; it must have stopped before `close`. */
  readonly fd: number;
  /** Reads into the beginning of `buffer`; resolves to the bytes read: fewer than `length` only where the file ends. */
  read(buffer: Uint8Array, position: number, length: number): Promise<number>;
  /** Waits for reads under way; may be called twice. */
  close(): Promise<void>;
}

export interface StoreStatus {
  /** The parent folder. */
  readonly path: string;
  readonly present: boolean;
  /** Room for this user on that file system, in bytes; null where it is not known. */
  readonly freeBytes: number | null;
}

export interface Stores {
  /**
   * The blob, or null where no store has it, which is also the answer for a store that cannot be read. Throws `Refusal`
   * 'out-of-files' where no more files can be opened.
   */
  open(id: BlobId): Promise<OpenBlob | null>;
  /** Those of `ids` that `open` would open, in the order asked. */
  has(ids: readonly BlobId[]): Promise<BlobId[]>;
  status(): Promise<StoreStatus[]>;
}

/** The folders and the name below a store's parent of what is kept for an id: in `files`, or in `leaves`. */
export const placeOf = (kind: 'files' | 'leaves', id: BlobId): readonly [readonly string[], string] => [
  ['.dmedia', kind, id.slice(0, 2)],
  id.slice(2),
];

/**
 * The stores in the order in which they are asked for this id (rendezvous hashing): load spreads over drives, the same
 * blob comes from the same drive, and a drive more or less moves no other drive's blobs.
 */
export function rankStores(id: BlobId, parents: readonly string[]): readonly string[] {
  if (parents.length < 2) return parents;
  const score = (parent: string): string => createHash('sha256').update(`${id}\0${parent}`).digest('hex');
  return parents
    .map((parent) => ({ parent, score: score(parent) }))
    .sort((a, b) => (a.score < b.score ? 1 : -1))
    .map(({ parent }) => parent);
}

const blobFrom = (id: BlobId, store: string, { handle, size }: OpenFile): OpenBlob => ({
  id,
  size,
  store,
  get fd() {
    return handle.fd;
  },
  read: async (buffer, position, length) => (await handle.read(buffer, 0, length, position)).bytesRead,
  close: () => handle.close(),
});

async function openIn(store: string, id: BlobId): Promise<OpenBlob | null> {
  const file = await openFileBelow(store, ...placeOf('files', id));
  if (file === null) return null;
  if (file.size > 0 && file.size <= MAX_FILE_BYTES) return blobFrom(id, store, file);
  await file.handle.close();
  return null;
}

async function statusOf(path: string): Promise<StoreStatus> {
  const present = await isFolderBelow(path, ['.dmedia'], 'files');
  const room = present ? await statfs(path).catch(() => null) : null;
  return { path, present, freeBytes: room === null ? null : room.bavail * room.bsize };
}

/** Reads from the stores `.dmedia` of these parent folders, absolute paths. They need not be there yet. */
export function createStores(parentFolders: readonly string[]): Stores {
  const open = async (id: BlobId): Promise<OpenBlob | null> => {
    for (const store of rankStores(id, parentFolders)) {
      const blob = await openIn(store, id);
      if (blob !== null) return blob;
    }
    return null;
  };
  const isHere = async (id: BlobId): Promise<boolean> => {
    const blob = await open(id);
    await blob?.close();
    return blob !== null;
  };
  return {
    open,
    async has(ids) {
      const here = new Set<BlobId>();
      await inLanes(HAVE_LANES, ids, async (id) => {
        if (await isHere(id)) here.add(id);
      });
      return ids.filter((id) => here.has(id));
    },
    status: () => Promise.all(parentFolders.map(statusOf)),
  };
}
