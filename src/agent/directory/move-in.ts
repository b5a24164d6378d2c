// Makes this device one of a user: what is said in that user's directory is stored first, and then the identity takes
// its place. Killed in between, the device is still what it was.
import { parseIdentity, type Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { replaceIdentity } from '../home/replace-identity.js';
import { openDirectory, type Directory } from './directory.js';

export interface MoveInOptions {
  readonly paths: Paths;
  /** By the names of `IDENTITY_FILES`. */
  readonly files: ReadonlyMap<string, string>;
  /** Stores what this device begins with. */
  readonly begin: (directory: Directory) => Promise<unknown>;
  readonly now: Date;
}

/** Only for who has the home's lock. */
export async function moveIn({ paths, files, begin, now }: MoveInOptions): Promise<Identity> {
  const identity = parseIdentity(files, paths.identity);
  const onChange = (): Promise<void> => Promise.resolve();
  await begin(await openDirectory({ paths, identity, configuredCas: {}, onChange }));
  return replaceIdentity(paths, files, now);
}
