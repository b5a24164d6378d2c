// `patchcord peers`: asks the running `up` who is seen on the links.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { showRepeatedly } from '../cli/watch.js';
import { STREAM_USER } from '../../core/peers/stream-target.js';
import { readStreamAccess } from '../home/stream-access.js';
import { agentAway, askAgent } from '../rpc/ask-agent.js';
import { formatPeers } from '../status/peers-text.js';

interface Options {
  readonly netrc?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 1000;

export function addPeers(program: Command, cli: Cli): void {
  const command = program
    .command('peers')
    .description('tell which devices are seen on the links')
    .option('--watch', 'tell again when it changes, until Ctrl-C')
    .option('--netrc', 'print the login for peer streams as a netrc file has it: a secret, to be piped')
    .option('--json', 'print JSON')
    .action((options: Options) =>
      cli.run(options, (context) =>
        options.netrc === true ? printNetrc(context) : runPeers(context, options),
      ),
    );
  withExamples(command, [
    ['patchcord peers', 'who is there'],
    ['patchcord peers --watch', 'plug a cable in, and see'],
    ['patchcord peers --json', 'for programs'],
    ['patchcord peers --netrc | curl --netrc-file /dev/stdin URL', 'ask a peer; `status` has the URL'],
  ]);
}

async function runPeers(context: CommandContext, { watch = false }: Options): Promise<void> {
  const { paths, output, style } = context;
  let last = '';
  await showRepeatedly(context, { watch, everyMs: WATCH_MS }, async (redraw) => {
    const { discovery } = await askAgent(paths, 'status');
    const seen = JSON.stringify(discovery);
    if (seen !== last) output.tell({ peers: discovery?.peers ?? [] }, redraw + formatPeers(discovery, style));
    last = seen;
  });
}

/** For curl and others: a token on a command line could be read by every user of this machine. */
async function printNetrc({ paths, output }: CommandContext): Promise<void> {
  const access = await readStreamAccess(paths);
  const password = access?.tokens['local'];
  if (password === undefined) throw agentAway();
  const [machine, login] = ['127.0.0.1', STREAM_USER];
  output.tell({ machine, login, password }, `machine ${machine} login ${login} password ${password}`);
}
