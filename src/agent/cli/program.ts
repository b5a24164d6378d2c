// The commands as data for commander: help, completions and man pages are made from the one tree.
import { Command, type CommanderError } from 'commander';
import { addCa } from '../commands/ca.js';
import { addConfig } from '../commands/config.js';
import { addDevices, addRename, addRenew, addRevoke } from '../commands/devices.js';
import { addDoctor } from '../commands/doctor.js';
import { addFiles } from '../commands/files/files.js';
import { addInit } from '../commands/init.js';
import { addJoin, addPair } from '../commands/pair.js';
import { addPause, addResume } from '../commands/pause.js';
import { addPeers } from '../commands/peers.js';
import { addProvision } from '../commands/provision.js';
import { addAccept, addShare, addUnshare } from '../commands/share.js';
import { addShell } from '../commands/shell.js';
import { addStatus } from '../commands/status.js';
import { addUp } from '../commands/up.js';
import type { Cli } from './cli.js';
import { EXIT } from './failure.js';
import { withExamples } from './examples.js';

const SUMMARY = 'Plug two devices together, and their CouchDB databases and files are the same on both.';

export function createProgram(cli: Cli): Command {
  const program = new Command('patchcord')
    .description(SUMMARY)
    .version(cli.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('See `patchcord --help`.')
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
    })
    .exitOverride();
  withExamples(program, [
    ['patchcord up', 'start, in the foreground; Ctrl-C stops'],
    ['patchcord status', 'tell how it is, from another terminal'],
    ['patchcord files import ~/Videos', 'put files in'],
  ]);
  for (const add of [
    addUp,
    addInit,
    addStatus,
    addPeers,
    addPair,
    addJoin,
    addShare,
    addAccept,
    addUnshare,
    addPause,
    addResume,
    addDevices,
    addRename,
    addRevoke,
    addRenew,
    addCa,
    addConfig,
    addProvision,
    addFiles,
    addDoctor,
    addShell,
  ])
    add(program, cli);
  return program;
}

/** Runs the arguments; resolves with the exit code. */
export async function runProgram(program: Command, cli: Cli, args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode();
  } catch (error) {
    // Commander has told it already: help and versions are no failure, everything else is a wrong use.
    const { exitCode, code } = error as Partial<CommanderError>;
    if (typeof exitCode !== 'number' || code === undefined) throw error;
    return exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}
