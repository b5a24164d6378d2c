// A blob that comes leaf by leaf, in partial/ of a store: each leaf is written when it was checked, and checked again
// when it is taken up after a crash. Only a whole blob gets its name under files/.
import { constants } from 'node:fs';
import { open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ID_BYTES, parseBlobId, type BlobId } from '../../core/ids.js';
import { LEAF_BYTES, leafCountOf, leafLengthOf } from '../../core/skein/hashing.js';
import { ensureFolder } from './ensure-folder.js';
import { inLanes } from './lanes.js';
import type { LeafThreads } from './leaf-threads.js';
import { isFile, pathOf, placeBlob, placeSidecar } from './place-blob.js';

export interface PartialBlob {
  /** Leaves that are still to be written. */
  readonly missing: readonly number[];
  /** `bytes` are the whole leaf, and its digest is right. Rejects also when the disk did not take an earlier one. */
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** All leaves are written: the blob appears in the store. Closes it. */
  publish(): Promise<void>;
  /** What was written stays, for the next time. May be called twice; never rejects. */
  close(): Promise<void>;
}

export interface PartialBlobOptions {
  /** The parent folder of the store. */
  readonly parent: string;
  readonly id: BlobId;
  readonly size: number;
  /** Raw, and proved by the id. */
  readonly digests: Uint8Array;
  readonly threads: LeafThreads;
}

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
const MODE = 0o600;
/** Leaves are written one at a time each: where a leaf begins with so many zeros, nothing was written yet. */
const PROBE_BYTES = 4096;
/** As stat(2) counts. */
const BLOCK_BYTES = 512;

const folderOf = (parent: string): string => join(parent, '.dmedia', 'partial');

/** Blobs that were begun in the store of `parent`, and are not whole. */
export async function listPartial(parent: string): Promise<BlobId[]> {
  const names = await readdir(folderOf(parent)).catch(() => []);
  return names.map(parseBlobId).filter((id) => id !== null);
}

/** Bytes on the disk of a blob that was begun in the store of `parent`; null where it was not. */
export async function partialBytes(parent: string, id: BlobId): Promise<number | null> {
  const found = await stat(join(folderOf(parent), id)).catch(() => null);
  return found === null ? null : Math.min(found.size, found.blocks * BLOCK_BYTES);
}

export async function openPartialBlob(options: PartialBlobOptions): Promise<PartialBlob> {
  const { parent, id, size, digests } = options;
  const path = join(folderOf(parent), id);
  await ensureFolder(folderOf(parent));
  const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, MODE);
  let isOpen = true;
  let flushing: Promise<void> | null = null;
  // The system tells it once: a sync after it would find nothing to complain of.
  let flushFailure: Error | null = null;
  const flush = (): Promise<void> =>
    (flushing ??= file
      .datasync()
      .catch((error: unknown) => void (flushFailure = error as Error))
      .finally(() => (flushing = null)));
  const throwIfNotFlushed = (): void => {
    if (flushFailure !== null) throw flushFailure;
  };
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await flushing;
    // What would be checked the next time is in memory, and not what is on the disk.
    if (flushFailure !== null) await file.truncate(0).catch(() => undefined);
    // What a disk that fails says here changes nothing: a blob that was published is on it, any other is checked again.
    await file.close().catch(() => undefined);
  };
  try {
    // Its full size at once, as dmedia does; blocks are taken as they are written.
    if ((await file.stat()).size !== size) await file.truncate(size);
    const missing = await findMissing(file, options);
    return {
      missing,
      async write(index, bytes) {
        throwIfNotFlushed();
        await writeAll(file, bytes, index * LEAF_BYTES);
        // While the next leaves come: all of it at the end would keep everyone waiting.
        void flush();
      },
      async publish() {
        await flushing;
        await flush();
        throwIfNotFlushed();
        await placeSidecar(parent, id, digests, `${path}.leaves`);
        if (await isFile(pathOf(parent, 'files', id))) await rm(path, { force: true });
        else await placeBlob(parent, id, file, path);
        await close();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function findMissing(file: FileHandle, options: PartialBlobOptions): Promise<number[]> {
  const { size, digests, threads } = options;
  const indexes = Array.from({ length: leafCountOf(size) }, (_, index) => index);
  if ((await file.stat()).blocks === 0) return indexes;
  const missing: number[] = [];
  await inLanes(threads.lanes, indexes, async (index) => {
    const expected = digests.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
    const digest = (await isWritten(file, index))
      ? await threads.digest({ fd: file.fd, index, length: leafLengthOf(size, index) })
      : null;
    if (digest === null || Buffer.compare(digest, expected) !== 0) missing.push(index);
  });
  return missing;
}

async function isWritten(file: FileHandle, index: number): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(PROBE_BYTES),
    0,
    PROBE_BYTES,
    index * LEAF_BYTES,
  );
  return buffer.subarray(0, bytesRead).some((byte) => byte !== 0);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
