// Makes a folder, and those above it. Not by mkdir's own `recursive`: where the kernel says of a folder in one that is
// there that it is not there, as everywhere in /proc, that tries for ever, and nothing can stop it.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** A folder that is there is left as it is. Rejects with the kernel's error, of the topmost that cannot be made. */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
    return;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(path))) return;
    if (codeOf(error) !== 'ENOENT' || (await isFolder(dirname(path)))) throw error;
  }
  await makeFolders(dirname(path), mode);
  await makeFolders(path, mode);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
      throw error;
    },
  );
