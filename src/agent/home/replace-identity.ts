// Puts a new identity in the place of the old one, which is kept in `retired/`. Killed at any moment, the next start
// finds the old one or the new one, whole.
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makePrivateFolder, syncFolder, writeFolderAtomic } from '../../adapters/home/atomic-file.js';
import { parseIdentity, type Identity } from './identity.js';
import type { Paths } from './paths.js';

const nextFolder = ({ identity }: Pick<Paths, 'identity'>): string => `${identity}.next`;
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      // Whatever else it says, the folder may be there.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    },
  );

/** Only for who has the home's lock. */
export async function replaceIdentity(
  paths: Paths,
  files: ReadonlyMap<string, string>,
  now: Date,
): Promise<Identity> {
  const identity = parseIdentity(files, paths.identity);
  const next = nextFolder(paths);
  await makePrivateFolder(dirname(next));
  await rm(next, { recursive: true, force: true });
  await writeFolderAtomic(next, files);
  if (await isThere(paths.identity)) {
    await makePrivateFolder(paths.retired);
    await rename(paths.identity, join(paths.retired, now.toISOString().replaceAll(':', '-')));
    await syncFolder(paths.retired);
  }
  await finishReplacement(paths);
  return identity;
}

/** What was begun by a process that was killed: with the old identity put aside, the new one takes its place. */
export async function finishReplacement(paths: Pick<Paths, 'identity'>): Promise<void> {
  const next = nextFolder(paths);
  if ((await isThere(paths.identity)) || !(await isThere(next))) return;
  await rename(next, paths.identity);
  await syncFolder(dirname(next));
}
