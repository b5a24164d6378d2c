// One store, to be written to by one command at a time.
import { join, resolve } from 'node:path';
import { createStores } from '../../adapters/files/stores.js';
import { takeLock, type Lock } from '../../adapters/home/lock.js';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import type { Settings } from '../config/settings.js';
import { openHome } from '../home/home.js';
import { prepareStores } from '../up/prepare-stores.js';

/** The parent folders of the stores that are there now; the one in the home is made. */
export async function presentStores({ paths, now }: CommandContext, settings: Settings): Promise<string[]> {
  await openHome(paths, now());
  await prepareStores(settings, paths);
  const status = await createStores(settings.stores).status();
  return status.filter(({ present }) => present).map(({ path }) => path);
}

/** The store at `wanted`, else the first that is there. Fails for one that is not configured, or not there. */
export async function chooseStore(
  context: CommandContext,
  settings: Settings,
  wanted: string | undefined,
): Promise<string> {
  const present = await presentStores(context, settings);
  const chosen = wanted === undefined ? present[0] : present.find((path) => path === resolve(wanted));
  if (chosen !== undefined) return chosen;
  const what =
    wanted === undefined ? 'none of the stores is there now' : `${wanted} is no store that is there now`;
  throw new Failure('unavailable', 'no-store', what, {
    hint: 'See `patchcord files stores`; `patchcord files stores --add FOLDER` makes one.',
  });
}

/** Held while a command writes to the store in `parent`. */
export async function lockStore(parent: string): Promise<Lock> {
  const lock = await takeLock(join(parent, '.dmedia', 'writer.lock'));
  if ('release' in lock) return lock;
  throw new Failure('unavailable', 'store-busy', `another command is writing to ${parent}`, {
    hint: 'Try again when it has ended.',
  });
}
