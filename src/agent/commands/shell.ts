// What packagers install beside the program: completions for shells, and manual pages.
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { script } from '@bomb.sh/tab';
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
  addCompletion(program, cli);
}

/** The library's command, in the words of the others, and for the shells that Linux has. */
function addCompletion(program: Command, cli: Cli): void {
  tab(program, { completionCommandName: 'completion' });
  const command = program.commands.find((one) => one.name() === 'completion');
  command?.action((shell: string) => printCompletion(program.name(), shell, cli));
  command?.description('print what completes commands in a shell').registeredArguments[0]?.choices(SHELLS);
  if (command !== undefined)
    withExamples(command, [
      ['patchcord completion bash > /etc/bash_completion.d/patchcord', 'for all users'],
      ['source <(patchcord completion zsh)', 'for this shell'],
    ]);
}

const READ_ONLY = /^readonly (?=\w+=)/gm;

/** The library prints by itself; a shell that sources it twice may set no read-only variable again. */
function printCompletion(name: string, shell: string, { stdout }: Cli): void {
  const log = console.log.bind(console);
  console.log = (text: string): void => void stdout.write(`${text.replace(READ_ONLY, '')}\n`);
  try {
    script(shell, name, name);
  } finally {
    console.log = log;
  }
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
