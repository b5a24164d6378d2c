// `patchcord files list`: every blob of every store.
import type { Command } from 'commander';
import { listBlobs } from '../../../adapters/files/list-blobs.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { formatBytes } from '../../cli/format.js';
import { readSettings } from '../../config/settings.js';
import { presentStores } from '../../files/open-store.js';

const SIZE_CHARACTERS = 8;

export function addList(files: Command, cli: Cli): void {
  files
    .command('list')
    .description('print the id and size of each file in the stores')
    .option('--json', 'print JSON, a line for each file')
    .action((options: { readonly json?: boolean }) => cli.run(options, runList));
}

async function runList(context: CommandContext): Promise<void> {
  const { output, paths, signal } = context;
  for (const store of await presentStores(context, await readSettings(paths))) {
    for await (const { id, size } of listBlobs(store)) {
      signal.throwIfAborted();
      output.tell(
        { id, bytes: size, store },
        `${id}  ${formatBytes(size).padStart(SIZE_CHARACTERS)}  ${store}`,
      );
    }
  }
}
