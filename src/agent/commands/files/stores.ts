// `patchcord files stores`: the stores of the configuration, and new ones.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readStoreId } from '../../../adapters/files/list-blobs.js';
import { createStores, type StoreStatus } from '../../../adapters/files/stores.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { withExamples } from '../../cli/examples.js';
import { formatBytes } from '../../cli/format.js';
import { readConfigFile, setAt, writeConfigFile } from '../../config/edit.js';
import { readSettings } from '../../config/settings.js';
import { makeStore } from '../../up/prepare-stores.js';

interface Options {
  readonly add?: string;
  readonly json?: boolean;
}

export function addStores(files: Command, cli: Cli): void {
  const command = files
    .command('stores')
    .description('print where files are kept, and how much room there is')
    .option('--add <folder>', 'make a store there, and add it to the configuration')
    .option('--json', 'print JSON, a line for each store')
    .action((options: Options) => cli.run(options, (context) => runStores(context, options)));
  withExamples(command, [
    ['patchcord files stores', 'the stores there are'],
    ['patchcord files stores --add /media/ada/disk-1', 'one more, on a drive'],
  ]);
}

async function runStores(context: CommandContext, { add }: Options): Promise<void> {
  const { paths, output } = context;
  if (add !== undefined) await addStore(context, resolve(add));
  const { stores } = await readSettings(paths);
  for (const status of await createStores(stores).status()) {
    const storeId = await readStoreId(status.path);
    output.tell({ ...status, storeId }, formatStore(status, storeId));
  }
}

function formatStore({ path, present, freeBytes }: StoreStatus, storeId: string | null): string {
  if (!present) return `${path}: not there now`;
  const room = freeBytes === null ? '' : `, ${formatBytes(freeBytes)} free`;
  return `${path}${room}${storeId === null ? '' : `, store ${storeId}`}`;
}

async function addStore({ paths }: CommandContext, folder: string): Promise<void> {
  const { stores } = await readSettings(paths);
  // First: what cannot be made does not stand in the configuration afterwards.
  await makeStore(folder);
  if (stores.includes(folder)) return;
  const config = await readConfigFile(paths);
  await writeConfigFile(paths, setAt(config, 'files.stores', [...stores, folder]));
}
