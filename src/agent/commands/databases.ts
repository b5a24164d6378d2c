// `patchcord databases`: which there are in the CouchDB of this device, and new ones.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import type { ListedDatabase } from '../databases/handlers.js';
import { noAdministrator } from '../databases/refusals.js';
import { askAgent } from '../rpc/ask-agent.js';

interface Options {
  readonly json?: boolean;
}

export function addDatabases(program: Command, cli: Cli): void {
  const databases = program
    .command('databases')
    .description('print which databases there are; make new ones');
  databases
    .command('list', { isDefault: true })
    .description('print which databases there are')
    .option('--json', 'print JSON, a line for each database')
    .action((options: Options) => cli.run(options, list));
  databases
    .command('add')
    .description('make a database; your other devices make it too, when they are here')
    .argument('<name>', 'as in dmedia-0-holidays: one that your devices may write to')
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => cli.run(options, (context) => make(context, name)));
  withExamples(databases, [
    ['patchcord databases', 'those that there are'],
    ['patchcord databases add dmedia-0-holidays', 'one more: its files have names'],
  ]);
}

async function list({ paths, output }: CommandContext): Promise<void> {
  const { databases } = await askAgent(paths, 'databases');
  if (databases === null) throw noAdministrator();
  for (const one of databases) output.tell(one, formatDatabase(one));
}

const WORDS = { write: '', read: ': your other devices may only read it' } as const;

const formatDatabase = ({ database, access }: ListedDatabase): string =>
  `${database}${access === null ? ': not for your other devices' : WORDS[access]}`;

async function make({ paths, output }: CommandContext, name: string): Promise<void> {
  const answer = await askAgent(paths, 'make-database', { database: name });
  output.tell(answer, answer.isNew ? `Made ${name}.` : `${name} is there already.`);
}
