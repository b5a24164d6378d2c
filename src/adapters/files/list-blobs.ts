// Walks through a store: every blob by its name, nothing else.
import { lstat, opendir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBlobId, type BlobId } from '../../core/ids.js';

export interface ListedBlob {
  readonly id: BlobId;
  /** Bytes. */
  readonly size: number;
}

const PREFIX = /^[3-9A-Y]{2}$/;

/**
 * The blobs of the store in `parent` whose ids begin with `start`, in no order; what is no regular file, or has no id's
 * name, is passed over.
 */
export async function* listBlobs(parent: string, start = ''): AsyncGenerator<ListedBlob> {
  const files = join(parent, '.dmedia', 'files');
  for await (const folder of await opendir(files)) {
    if (!folder.isDirectory() || !PREFIX.test(folder.name)) continue;
    if (!folder.name.startsWith(start.slice(0, folder.name.length))) continue;
    for await (const entry of await opendir(join(files, folder.name))) {
      const id = parseBlobId(folder.name + entry.name);
      if (id?.startsWith(start) !== true || !entry.isFile()) continue;
      const stat = await lstat(join(files, folder.name, entry.name)).catch(() => null);
      if (stat !== null) yield { id, size: stat.size };
    }
  }
}

/** The id that filestore.json gives the store; null where it gives none. */
export async function readStoreId(parent: string): Promise<string | null> {
  try {
    const text = await readFile(join(parent, '.dmedia', 'filestore.json'), 'utf8');
    const { _id: id } = JSON.parse(text) as { _id?: unknown };
    return typeof id === 'string' && /^[3-9A-Y]{24}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}
