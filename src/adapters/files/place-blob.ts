// Moves what is complete to its place in a store, so that it is there whole after a crash, or not at all.
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobId } from '../../core/ids.js';
import { ensureFolder } from './ensure-folder.js';
import { placeOf } from './stores.js';

type Kind = 'files' | 'leaves';

const BLOB_MODE = 0o444;

export function pathOf(parent: string, kind: Kind, id: BlobId): string {
  const [folders, name] = placeOf(kind, id);
  return join(parent, ...folders, name);
}

export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The leaf digests, by way of the unfinished file `temporary`. Before the blob: without it they are of no harm. */
export async function placeSidecar(
  parent: string,
  id: BlobId,
  digests: Uint8Array,
  temporary: string,
): Promise<void> {
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(digests);
    await file.sync();
  } finally {
    await file.close();
  }
  await moveSynced(temporary, parent, 'leaves', id);
}

/** The blob in `path`, open as `file`, whose bytes are on the disk. */
export async function placeBlob(parent: string, id: BlobId, file: FileHandle, path: string): Promise<void> {
  // Not every file system of a drive knows modes.
  await file.chmod(BLOB_MODE).catch(() => undefined);
  await moveSynced(path, parent, 'files', id);
}

async function moveSynced(from: string, parent: string, kind: Kind, id: BlobId): Promise<void> {
  const [folders, name] = placeOf(kind, id);
  const folder = join(parent, ...folders);
  // Stores that others made have no leaves/.
  await ensureFolder(dirname(folder));
  const isMade = await ensureFolder(folder);
  await rename(from, join(folder, name));
  await syncFolder(folder);
  if (isMade) await syncFolder(dirname(folder));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
