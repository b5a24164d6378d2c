// The commands as data for commander: help, completions and man pages are made from the one tree.
import { Command, type CommanderError } from 'commander';
import { addAllow } from '../commands/allow.js';
import { addCa } from '../commands/ca.js';
import { addConfig } from '../commands/config.js';
import { addDatabases } from '../commands/databases.js';
import { addDevices, addRename, addRenew, addRevoke } from '../commands/devices.js';
import { addDoctor } from '../commands/doctor.js';
import { addFiles } from '../commands/files/files.js';
import { addGateway } from '../commands/gateway.js';
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
    ['patchcord pair', 'add a device: then `patchcord join` on that one'],
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
    addAllow,
    addRevoke,
    addRenew,
    addCa,
    addConfig,
    addProvision,
    addDatabases,
    addFiles,
    addDoctor,
    addGateway,
    addShell,
  ])
    add(program, cli);
  nameOwnHelp(program, []);
  return program;
}

/** An error of a command names the help of that command. */
function nameOwnHelp(command: Command, above: readonly string[]): void {
  const names = [...above, command.name()];
  command.showHelpAfterError(`See \`${names.join(' ')} --help\`.`);
  for (const below of command.commands) nameOwnHelp(below, names);
}

/** Runs the arguments; resolves with the exit code. */
export async function runProgram(program: Command, cli: Cli, args: readonly string[]): Promise<number> {
  try {
    const asked = withoutHelpWord(args);
    checkNames(program, asked);
    await program.parseAsync(asked, { from: 'user' });
    return cli.exitCode();
  } catch (error) {
    // Commander has told it already: help and versions are no failure, everything else is a wrong use.
    const { exitCode, code } = error as Partial<CommanderError>;
    if (typeof exitCode !== 'number' || code === undefined) throw error;
    return exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** `help` takes as many names as there are: "help files import" is "files import --help". */
const withoutHelpWord = ([first, ...names]: readonly string[]): string[] =>
  first === 'help' && names.length > 0 ? [...names, '--help'] : first === undefined ? [] : [first, ...names];

/** A name below a command that has none such is wrong, whatever options come with it and whatever its default is. */
function checkNames(program: Command, args: readonly string[]): void {
  let command = program;
  for (const arg of args) {
    if (command.commands.length === 0 || arg.startsWith('-') || arg === 'help') return;
    const below = command.commands.find((one) => one.name() === arg || one.aliases().includes(arg));
    command = below ?? command.error(`error: unknown command '${arg}'`, { code: 'commander.unknownCommand' });
  }
}
