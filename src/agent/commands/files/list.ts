// `patchcord files list`: every blob of every store.
import type { Command } from 'commander';
import { listBlobs, type ListedBlob } from '../../../adapters/files/list-blobs.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { formatBytes } from '../../cli/format.js';
import { readSettings } from '../../config/settings.js';
import { openNames, type NameFiles } from '../../files/names.js';
import { presentStores } from '../../files/open-store.js';

const SIZE_CHARACTERS = 8;
/** So many are asked for their names at once. */
const BATCH = 256;

export function addList(files: Command, cli: Cli): void {
  files
    .command('list')
    .description('print the id, the size and, where a document has one, the name of each file in the stores')
    .option('--json', 'print JSON, a line for each file')
    .action((options: { readonly json?: boolean }) => cli.run(options, runList));
}

async function runList(context: CommandContext): Promise<void> {
  const { paths, signal } = context;
  const settings = await readSettings(paths);
  const namesOf = await openNames(context, settings);
  for (const store of await presentStores(context, settings)) {
    let batch: ListedBlob[] = [];
    for await (const blob of listBlobs(store)) {
      signal.throwIfAborted();
      batch.push(blob);
      if (batch.length < BATCH) continue;
      await tellBatch(context, store, batch, namesOf);
      batch = [];
    }
    await tellBatch(context, store, batch, namesOf);
  }
}

async function tellBatch(
  { output }: CommandContext,
  store: string,
  batch: readonly ListedBlob[],
  namesOf: NameFiles,
): Promise<void> {
  if (batch.length === 0) return;
  const names = await namesOf(batch.map(({ id }) => id));
  for (const { id, size } of batch) {
    const name = names.get(id) ?? null;
    const columns = [
      id,
      formatBytes(size).padStart(SIZE_CHARACTERS),
      store,
      ...(name === null ? [] : [name]),
    ];
    output.tell({ id, bytes: size, store, name }, columns.join('  '));
  }
}
