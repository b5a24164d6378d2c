// One process at a time: a lock of the kernel's on a file, which ends with the process that holds it, however it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, type FileHandle } from 'node:fs/promises';

export interface Lock {
  release(): Promise<void>;
}

const LOCK_FILE = 0o600;
/** Where the child finds the descriptor of the lock file. */
const CHILD_FD = 3;
/** flock(1) with --nonblock, where someone else has the lock. */
const HELD = 1;

/**
 * The lock, or the process id (null where it is not known) of who has it. Node has no flock(2): flock(1), of
 * util-linux, takes it for the open file that both have, and it stays when that command has ended.
 */
export async function takeLock(path: string): Promise<Lock | { readonly holder: number | null }> {
  const file = await open(path, 'a+', LOCK_FILE);
  try {
    if (!(await flock(file))) {
      const holder = Number.parseInt(await readFile(path, 'utf8'), 10);
      await file.close();
      return { holder: Number.isNaN(holder) ? null : holder };
    }
    await file.truncate();
    await file.write(`${process.pid}\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { release: () => file.close() };
}

async function flock(file: FileHandle): Promise<boolean> {
  const child = spawn('flock', ['-xn', String(CHILD_FD)], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0 && code !== HELD) throw new Error('the lock file cannot be locked');
  return code === 0;
}
