// The home folder on first use: who this device is.
import { makePrivateFolder } from '../../adapters/home/atomic-file.js';
import { takeLock, type Lock } from '../../adapters/home/lock.js';
import { Failure } from '../cli/failure.js';
import { createIdentity, readIdentity, type Identity } from './identity.js';
import type { Paths } from './paths.js';
import { finishReplacement } from './replace-identity.js';

export interface Home {
  readonly identity: Identity;
  /** Whether this device is new. */
  readonly isNew: boolean;
}

/** Opens the home, and makes what is not there yet. */
export async function openHome(paths: Paths, now: Date): Promise<Home> {
  await makePrivateFolder(paths.home);
  await finishReplacement(paths);
  const known = await readIdentity(paths.identity);
  const identity = known ?? (await createIdentity(paths.identity, now));
  return { identity, isNew: known === null };
}

/** The home as it is; null where there is no device yet. */
export async function findIdentity(paths: Paths): Promise<Identity | null> {
  await finishReplacement(paths);
  return readIdentity(paths.identity);
}

/** Held while `up` runs, and let go by the kernel when it ends. Fails when another has it. */
export async function lockHome(paths: Paths, hint = 'See `patchcord status`.'): Promise<Lock> {
  await makePrivateFolder(paths.home);
  const lock = await takeLock(paths.lock);
  if ('release' in lock) return lock;
  const who = lock.holder === null ? '' : ` (process ${lock.holder})`;
  throw new Failure('unavailable', 'already-up', `patchcord is up already${who}`, {
    hint,
  });
}
