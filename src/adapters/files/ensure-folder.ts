// Makes a folder in one that is there. Never those above it: where a drive was taken away, nothing may come to pass for it.
import { mkdir } from 'node:fs/promises';

/** Resolves with whether it was made; something of that name may be there already, whatever it is. */
export async function ensureFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
