// `patchcord files`: what is in the stores, in and out.
import type { Command } from 'commander';
import type { Cli } from '../../cli/cli.js';
import { withExamples } from '../../cli/examples.js';
import { addExport } from './export.js';
import { addFetch } from './fetch.js';
import { addImport } from './import.js';
import { addList } from './list.js';
import { addStores } from './stores.js';
import { addVerify } from './verify.js';

export function addFiles(program: Command, cli: Cli): void {
  const files = program.command('files').description('put files in, take them out, check them');
  for (const add of [addImport, addFetch, addList, addVerify, addExport, addStores]) add(files, cli);
  withExamples(files, [
    ['patchcord files import ~/Videos', 'all files of a folder'],
    ['patchcord files list', 'what is in the stores'],
    ['patchcord files verify', 'whether it is still what it was'],
  ]);
}
