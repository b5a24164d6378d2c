// The commands as data for commander: help, completions and man pages are made from the one tree.
import { Command, CommanderError } from 'commander';
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
import { EXIT, Failure } from './failure.js';
import { withExamples } from './examples.js';

const SUMMARY = 'Plug two devices together, and their CouchDB databases and files are the same on both.';

const EXIT_CODES = `
Exit codes: 0 when it was done, 1 when the answer was no, 130 after Ctrl-C, else those of sysexits(3).
All of them are in docs/exit-codes.md, and in each manual page.`;

export function createProgram(cli: Cli): Command {
  const program = new Command('patchcord')
    .description(SUMMARY)
    .version(cli.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      // A wrong use is told as every other failure.
      outputError: () => undefined,
    });
  withExamples(program, [
    ['patchcord up', 'start, in the foreground; Ctrl-C stops'],
    ['patchcord status', 'tell how it is, from another terminal'],
    ['patchcord pair', 'add a device: then `patchcord join` on that one'],
    ['patchcord files import ~/Videos', 'put files in'],
  ]).addHelpText('after', EXIT_CODES);
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
  failAsOthers(program, []);
  return program;
}

/** A wrong use is a failure, and names the help of the command that it is of. */
function failAsOthers(command: Command, above: readonly string[]): void {
  const names = [...above, command.name()];
  command.exitOverride((end) => {
    throw isHelp(end) ? end : wrongUse(end, names.join(' '));
  });
  for (const below of command.commands) failAsOthers(below, names);
}

/** Help and versions, which commander has told already: also the help of a command that needs another name. */
const isHelp = ({ code, exitCode }: CommanderError): boolean => exitCode === 0 || code === 'commander.help';

/** In commander's words, with what it suggests on lines of its own: "(Did you mean …?)". */
function wrongUse({ code, message }: CommanderError, command: string): Failure {
  const [problem = '', ...suggestions] = message.replace(/^error: /, '').split('\n');
  const hint = [...suggestions, `See \`${command} --help\`.`].join('\n');
  return new Failure('usage', toKebabCase(code.replace('commander.', '')), problem, { hint });
}

const toKebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Runs the arguments; resolves with the exit code. */
export async function runProgram(program: Command, cli: Cli, args: readonly string[]): Promise<number> {
  try {
    const asked = withoutHelpWord(args);
    checkNames(program, asked);
    await program.parseAsync(asked, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    // The options were not understood, so that no command can say whether it was to be JSON.
    cli.fail({ json: asksForJson(args) }, error);
  }
  return cli.exitCode();
}

function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
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
    command = below ?? refuseName(command, arg);
  }
}

/** Asked of the names alone, commander refuses it: a default command would take it for an argument, and --help be shown. */
function refuseName(command: Command, name: string): Command {
  const names = new Command(command.name()).copyInheritedSettings(command);
  for (const below of command.createHelp().visibleCommands(command)) names.command(below.name());
  return names.parse([name], { from: 'user' });
}
