// `patchcord status`: asks the running `up` how it is.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { askAgent } from '../rpc/ask-agent.js';
import { formatStatus } from '../status/status-text.js';

interface Options {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 2000;
/** ECMA-48: cursor home, erase below. */
const REDRAW = '\u001b[H\u001b[J';

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
  const { paths, output, style, now, stdout, signal } = context;
  const redraw = watch && stdout.isTTY ? REDRAW : '';
  for (;;) {
    const status = await askAgent(paths, 'status');
    output.tell(status, redraw + formatStatus(status, style, now()));
    if (!watch) return;
    await delay(WATCH_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
}
