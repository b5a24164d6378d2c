// Writes files so that a crash is boring: what is there afterwards is the old or the new, whole. Knows no content.
import { chmod, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { makeFolders } from './make-folders.js';

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const SUFFIX_BYTES = 6;

/** Makes the folder, and those above it, for this user alone; a folder that is there is closed to others. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeFolders(folder, PRIVATE_FOLDER);
  await chmod(folder, PRIVATE_FOLDER);
}

/** Replaces the file `path`; only this user can read it. */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomBytes(SUFFIX_BYTES).toString('hex')}`);
  try {
    await writeSynced(unfinished, content);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the folder `path` with these files, all or none; rejects with `ENOTEMPTY` or `EEXIST` where there is one with files. */
export async function writeFolderAtomic(path: string, files: ReadonlyMap<string, string>): Promise<void> {
  const unfinished = await mkdtemp(join(dirname(path), `.${basename(path)}.`));
  try {
    for (const [name, content] of files) await writeSynced(join(unfinished, name), content);
    await syncFolder(unfinished);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name is on the disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
