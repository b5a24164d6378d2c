// Reads files that hold secrets: only such that no one else can read.
import { open } from 'node:fs/promises';

export class NotPrivate extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`${path} can be read by others`);
    this.path = path;
  }
}

/** What group and others may do. */
const OTHERS = 0o077;

export interface ReadFile {
  readonly text: string;
  /** Whether only this user may read and write it. */
  readonly isPrivate: boolean;
}

/** The file as text; null where there is none. */
export async function readTextFile(path: string): Promise<ReadFile | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { mode } = await file.stat();
    return { text: await file.readFile('utf8'), isPrivate: (mode & OTHERS) === 0 };
  } finally {
    await file.close();
  }
}

/** The file as text, null where there is none; throws `NotPrivate` for one that others can read or write. */
export async function readPrivateFile(path: string): Promise<string | null> {
  const file = await readTextFile(path);
  if (file?.isPrivate === false) throw new NotPrivate(path);
  return file?.text ?? null;
}
