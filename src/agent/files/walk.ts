// The files that are meant by paths: those named, and all in folders named. Links in folders are not followed.
import { lstat, opendir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '../cli/failure.js';

export interface FoundFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** When its content was changed last, in seconds. */
  readonly mtime: number;
  /** What it was when it was found: the same file with the same text has the same content, as far as the disk says. */
  readonly fingerprint: string;
}

/** Stores are not put into stores. */
const STORE = '.dmedia';
const NANOSECONDS = 1e9;

export interface Found {
  readonly files: readonly FoundFile[];
  /** Symbolic links in folders, which were passed over. */
  readonly links: number;
}

/** All of them, in the order of their names. Fails for a path that is not there; what is no regular file is passed over. */
export async function findFiles(paths: readonly string[]): Promise<Found> {
  const files: FoundFile[] = [];
  let links = 0;
  const onLink = (): void => void (links += 1);
  for (const path of paths.map((given) => resolve(given))) {
    const named = await stat(path).catch(() => null);
    if (named === null) throw notThere(path);
    if (named.isDirectory()) for await (const file of walk(path, onLink)) files.push(file);
    else if (named.isFile()) files.push(await describe(path));
  }
  return { files, links };
}

/** A shell that is given `~` in quotes leaves it as it is. */
const notThere = (path: string): Failure =>
  new Failure('noInput', 'enoent', `${path} is not there`, {
    ...(path.includes('/~/') && { hint: 'Write ~ without quotes: the shell makes your home folder of it.' }),
  });

async function* walk(folder: string, onLink: () => void): AsyncGenerator<FoundFile> {
  const entries = [];
  for await (const entry of await opendir(folder)) entries.push(entry);
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== STORE) yield* walk(path, onLink);
    else if (entry.isFile()) yield await describe(path);
    else if (entry.isSymbolicLink()) onLink();
  }
}

async function describe(path: string): Promise<FoundFile> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const mtime = Number(mtimeNs) / NANOSECONDS;
  return { path, size: Number(size), mtime, fingerprint: [dev, ino, size, mtimeNs, ctimeNs].join(':') };
}

/** Whether the file is still what was found. */
export const isUnchanged = async ({ path, fingerprint }: FoundFile): Promise<boolean> =>
  (await lstat(path).catch(() => null)) !== null && (await describe(path)).fingerprint === fingerprint;
