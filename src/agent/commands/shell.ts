// What packagers install beside the program: completions for shells, and manual pages.
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { makeFolders } from '../../adapters/home/make-folders.js';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { createManPages } from '../cli/man-page.js';

const SHELLS = ['bash', 'zsh', 'fish'];

/** After all other commands: both are made from the tree as it is. */
export function addShell(program: Command, cli: Cli): void {
  const command = program
    .command('man')
    .description('write the manual pages')
    .argument('<folder>', 'where the pages go')
    .option('--json', 'print JSON')
    .action((folder: string, options: { readonly json?: boolean }) =>
      cli.run(options, (context) => writeManPages(context, program, folder)),
    );
  withExamples(command, [['patchcord man /usr/share/man/man1', 'a page for each command']]);
  addCompletion(program);
}

/** The library's command, in the words of the others, and for the shells that Linux has. */
function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
  const command = program.commands.find((one) => one.name() === 'completion');
  command?.description('print what completes commands in a shell').registeredArguments[0]?.choices(SHELLS);
  if (command !== undefined)
    withExamples(command, [
      ['patchcord completion bash > /etc/bash_completion.d/patchcord', 'for all users'],
      ['source <(patchcord completion zsh)', 'for this shell'],
    ]);
}

async function writeManPages(
  { output, version }: CommandContext,
  program: Command,
  folder: string,
): Promise<void> {
  await makeFolders(resolve(folder));
  for (const { file, text } of createManPages(program, version)) {
    const path = join(folder, file);
    await writeFile(path, text);
    output.tell({ path }, path);
  }
}
