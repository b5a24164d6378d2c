// `patchcord status`: asks the running `up` how it is.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { showRepeatedly } from '../cli/watch.js';
import { askAgent } from '../rpc/ask-agent.js';
import { formatStatus } from '../status/status-text.js';

interface Options {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 2000;

export function addStatus(program: Command, cli: Cli): void {
  const command = program
    .command('status')
    .description('tell how the running patchcord is')
    .option('--watch', 'tell again every two seconds, until Ctrl-C')
    .option('--json', 'print JSON')
    .action((options: Options) => cli.run(options, (context) => runStatus(context, options)));
  withExamples(command, [
    ['patchcord status', 'one screen'],
    ['patchcord status --watch', 'that screen, kept current'],
    ['patchcord status --json', 'for programs'],
  ]);
}

async function runStatus(context: CommandContext, { watch = false }: Options): Promise<void> {
  const { paths, output, style, now } = context;
  await showRepeatedly(context, { watch, everyMs: WATCH_MS }, async (redraw) => {
    const status = await askAgent(paths, 'status');
    output.tell(status, redraw + formatStatus(status, style, now()));
  });
}
