// What this device is called: once its user's directory has a name for it, that one, which only `rename` changes.
import { Failure } from '../cli/failure.js';
import { readSettings, type Settings } from '../config/settings.js';
import { readIdentity, type Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { openMembership } from './membership.js';

/** By the directory, or by the configuration where that has no name for it. */
export async function readOwnName(paths: Paths, settings: Settings, identity: Identity): Promise<string> {
  const membership = await openMembership({ paths, settings, identity });
  return membership.view().name ?? settings.name;
}

/** Fails where the directory has another name: one in the configuration would say nothing. */
export async function refuseOtherName(paths: Paths, name: unknown): Promise<void> {
  const identity = await readIdentity(paths.identity);
  if (identity === null) return;
  const membership = await openMembership({ paths, settings: await readSettings(paths), identity });
  const known = membership.view().name;
  if (known === null || known === name) return;
  throw new Failure('cannotCreate', 'named', `this device is called ${JSON.stringify(known)} already`, {
    hint: `Rename it on all of its user's devices: patchcord rename ${identity.deviceId.slice(0, 8)} NAME`,
  });
}
