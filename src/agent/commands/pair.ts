// `patchcord pair` and `patchcord join`: the two ends of adding a device to a user.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { askNew } from '../cli/passphrase.js';
import { parseListenOption } from '../config/listen.js';
import type { Listen } from '../../core/env/env.js';
import { converse } from '../pairing/converse.js';
import { createDialogue } from '../pairing/dialogue.js';
import { runJoin } from '../pairing/run-join.js';
import { remoteTalk } from '../pairing/remote-talk.js';
import { askAgent } from '../rpc/ask-agent.js';

interface PairOptions {
  readonly giveCaKey?: boolean;
  readonly json?: boolean;
}

export function addPair(program: Command, cli: Cli): void {
  const command = program
    .command('pair')
    .description('show a code, with which another device becomes one of yours')
    .option(
      '--give-ca-key',
      'the other device may add devices too: it gets the user CA key, under a passphrase',
    )
    .option('--json', 'print JSON, and take answers as lines: yes, no, or a passphrase')
    .action((options: PairOptions) => cli.run(options, (context) => runPair(context, options)));
  withExamples(command, [
    ['patchcord pair', 'then type the code on the other device, after `patchcord join`'],
    ['patchcord pair --give-ca-key', 'so that losing this device does not end this user'],
  ]);
}

async function runPair(context: CommandContext, { giveCaKey = false }: PairOptions): Promise<void> {
  const { paths, output } = context;
  const keyPassphrase = giveCaKey ? await askNew(context, 'the key on its way') : null;
  await askAgent(paths, 'pair-add', { keyPassphrase });
  const dialogue = createDialogue(context);
  try {
    const { name } = await converse(context, remoteTalk(paths), dialogue);
    output.tell({ event: 'paired', name }, `${JSON.stringify(name)} is one of your devices now.`);
  } finally {
    dialogue.close();
  }
}

interface JoinOptions {
  readonly at?: string;
  readonly listen?: Listen['on'];
  readonly abandonUser?: boolean;
  readonly json?: boolean;
}

export function addJoin(program: Command, cli: Cli): void {
  const command = program
    .command('join')
    .description('make this device one of the user whose code another device shows; `up` must not run')
    .option('--at <address>', 'where the other device listens, as `pair` shows it')
    .option(
      '--listen <where>',
      'names of links to look on, with commas between them; else every link',
      parseListenOption,
    )
    .option('--abandon-user', 'even where this device’s own user has other devices or shares')
    .option('--json', 'print JSON, and take answers as lines: the code, then yes or no')
    .action((options: JoinOptions) =>
      cli.run(options, (context) =>
        runJoin(context, {
          at: options.at ?? null,
          listenOn: options.listen ?? null,
          abandon: options.abandonUser === true,
        }),
      ),
    );
  withExamples(command, [
    ['patchcord join', 'after `patchcord pair` on the other device, and a cable between the two'],
    ['patchcord join --at "[fe80::1%enp3s0]:41000"', 'where announcements do not get through'],
  ]);
}
