// `patchcord pause` and `patchcord resume`: asks the running `up` to pull no more, or again.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { formatDevice } from '../directory/names.js';
import { askAgent } from '../rpc/ask-agent.js';

interface Options {
  readonly peer?: string;
  readonly database?: string;
  readonly json?: boolean;
}

type Verb = 'pause' | 'resume';

const WORDS = { pause: 'paused', resume: 'pulled again' } as const;

export function addPause(program: Command, cli: Cli): void {
  add(program, cli, 'pause', 'pull no changes for now: from a device, of a database, or both');
}

export function addResume(program: Command, cli: Cli): void {
  add(program, cli, 'resume', 'pull again what was paused');
}

function add(program: Command, cli: Cli, verb: Verb, description: string): void {
  const command = program
    .command(verb)
    .description(description)
    .option('--peer <device>', 'a device: its name, its id, or the beginning of it')
    .option('--database <name>', 'a database')
    .option('--json', 'print JSON')
    .action((options: Options) => cli.run(options, (context) => run(context, verb, options)));
  withExamples(command, [
    ...(verb === 'resume' ? [['patchcord resume', 'all that was paused'] as const] : []),
    [`patchcord ${verb} --peer 3AXYUW7K`, 'everything from this device'],
    [`patchcord ${verb} --database dmedia-0-novel`, 'this database, from every device'],
    [`patchcord ${verb} --peer 3AXYUW7K --database dmedia-0-novel`, 'this database from this device'],
  ]);
}

async function run({ paths, output }: CommandContext, verb: Verb, options: Options): Promise<void> {
  const { peer: device = null, database = null } = options;
  const answer = await askAgent(paths, verb, { device, database });
  const what = answer.database ?? 'everything';
  const from = answer.deviceId === null ? '' : ` from ${formatDevice(answer.deviceId, answer.name)}`;
  const already = answer.isChanged ? '' : ', as it was before';
  const unknown = answer.isKnown ? '' : '; no database of this name is known now';
  output.tell(answer, `${what}${from} is ${WORDS[verb]}${already}${unknown}`);
}
