// A drive with a store on it: small, so that it can be full, and in a folder that can be taken away.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const SIZE_MIB = 600;
/** What is left of a drive that is full. */
const LEFT_BYTES = 64 * 1024;

export function createDrive(root) {
  mkdirSync(root, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'soak', root]);
  const [folder, away, filler] = ['drive', 'away', 'filler'].map((name) => join(root, name));
  mkdirSync(folder);
  return {
    folder,
    takeAway: () => renameSync(folder, away),
    bringBack: () => renameSync(away, folder),
    fill() {
      const { bavail, bsize } = statfsSync(root);
      const bytes = Math.max(0, bavail * bsize - LEFT_BYTES);
      for (let done = 0; done < bytes; done += MIB)
        writeFileSync(filler, Buffer.alloc(Math.min(MIB, bytes - done), 1), { flag: 'a' });
    },
    close: () => execFileSync('umount', ['--lazy', root]),
    empty: () => rmSync(filler, { force: true }),
  };
}
