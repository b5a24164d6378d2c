// Opens files below a folder without ever following a symbolic link on the way. Knows nothing of what the files are.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Refusal } from '../../core/errors.js';

/** open(2): a name for the folder, and no right to list what is in it, so that a profile need not grant that. */
const O_PATH = 0o10000000;
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Not blocking, or a FIFO put in a file's place would hold a thread until someone writes to it. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Node has no `openat`: the name of an open folder below /proc stands for the folder itself, whatever is renamed. */
const inside = (folder: FileHandle | null, parent: string, name: string): string =>
  folder === null ? `${parent}/${name}` : `/proc/self/fd/${folder.fd}/${name}`;

async function openLast(
  parent: string,
  folders: readonly string[],
  last: string,
  flags: number,
): Promise<FileHandle> {
  let folder: FileHandle | null = null;
  try {
    for (const name of folders) {
      const next: FileHandle = await open(inside(folder, parent, name), FOLDER);
      await folder?.close();
      folder = next;
    }
    return await open(inside(folder, parent, last), flags);
  } finally {
    await folder?.close();
  }
}

/** A regular file, open for reading, and its size when it was opened. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
}

/** What is short here says nothing of the file: too many files open in this process or on this machine, no memory. */
const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

function refuseShortage(error: unknown): void {
  if (SHORTAGES.has((error as NodeJS.ErrnoException).code ?? '')) throw new Refusal('out-of-files');
}

/**
 * The regular file `name` in `folders` of `parent`, each a folder of the one before. Null where any of them is missing, is
 * a symbolic link or is of another kind, and for every error of the disk. Links in `parent` itself are followed. Throws
 * `Refusal` 'out-of-files' where it cannot be told, because no more files can be opened.
 */
export async function openFileBelow(
  parent: string,
  folders: readonly string[],
  name: string,
): Promise<OpenFile | null> {
  try {
    const handle = await openLast(parent, folders, name, FILE);
    const stat = await handle.stat().catch(() => null);
    if (stat?.isFile() === true) return { handle, size: stat.size };
    await handle.close();
  } catch (error) {
    // Anything else is as good as not there.
    refuseShortage(error);
  }
  return null;
}

/** Whether `name` in `folders` of `parent` is a folder, reached without a symbolic link. */
export async function isFolderBelow(
  parent: string,
  folders: readonly string[],
  name: string,
): Promise<boolean> {
  try {
    await (await openLast(parent, folders, name, FOLDER)).close();
    return true;
  } catch {
    return false;
  }
}
