// `patchcord allow`: does what a device without the user CA key asks for.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { Failure } from '../cli/failure.js';
import { presentPassphrase } from '../cli/passphrase.js';
import { requireYes } from '../cli/prompt.js';
import { formatWish } from '../directory/requests-text.js';
import { askAgent } from '../rpc/ask-agent.js';

interface Options {
  readonly refuse?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addAllow(program: Command, cli: Cli): void {
  const command = program
    .command('allow')
    .description('rename or share what another device of yours asks for, since the user CA key is here')
    .argument('<request>', 'the beginning of its id: see `patchcord devices`')
    .option('--refuse', 'take the request away instead')
    .option('--yes', 'do it without asking')
    .option('--json', 'print JSON')
    .action((request: string, options: Options) =>
      cli.run(options, (context) => runAllow(context, request, options)),
    );
  withExamples(command, [['patchcord allow 1f0c9a2b', 'after looking at what it is, and who asks']]);
}

async function runAllow(
  context: CommandContext,
  start: string,
  { refuse = false, yes = false }: Options,
): Promise<void> {
  const { paths, output } = context;
  const { requests } = await askAgent(paths, 'devices');
  const asked = requests.find(({ id }) => id.startsWith(start.toLowerCase()));
  if (asked === undefined)
    throw new Failure('data', 'no-such-request', 'no device asks for that', {
      hint: 'See `patchcord devices`.',
    });
  const what = `${JSON.stringify(asked.name)} asks to ${formatWish(asked.wish)}`;
  if (refuse) {
    await askAgent(paths, 'withdraw', { request: asked.id });
    output.tell({ ...asked, allowed: false }, `Taken away: ${what}.`);
    return;
  }
  await requireYes(context, yes, `${what}. Allow it?`);
  const passphrase = await presentPassphrase(context);
  await askAgent(paths, 'allow', { request: asked.id, passphrase });
  output.tell({ ...asked, allowed: true }, `Done: ${what}.`);
}
