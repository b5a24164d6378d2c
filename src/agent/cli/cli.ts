// What every command has: the process around it, and a way to run that ends in an exit code. The only place where a
// failure becomes words.
import { GatewayError } from '../../adapters/launch/launch-gateway.js';
import { CouchError } from '../../adapters/couch-client/couch-client.js';
import { readPaths, type Paths } from '../home/paths.js';
import { EXIT, Failure } from './failure.js';
import { createOutput, type Output } from './output.js';
import { canDraw, createStyle, type Style } from './style.js';

/** The process, as an argument. */
export interface Surroundings {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

export interface CommandContext extends Surroundings {
  readonly paths: Paths;
  readonly output: Output;
  readonly style: Style;
}

export interface Cli extends Surroundings {
  /** Runs what a command does; the exit code is 0, or that of its failure. */
  run(
    options: { readonly json?: boolean },
    command: (context: CommandContext) => Promise<void>,
  ): Promise<void>;
  /** Tells a failure, and has its exit code. */
  fail(options: { readonly json?: boolean }, error: unknown): void;
  exitCode(): number;
  /** Ends with the exit code of a program that was run, which has told the rest itself. */
  endWith(code: number): void;
}

export function createCli(surroundings: Surroundings): Cli {
  const { env, stdout, stderr } = surroundings;
  let exitCode: number = EXIT.ok;
  const openOutput = (json: boolean): Output => createOutput(json, stdout, stderr);
  const fail: Cli['fail'] = ({ json = false }, error) => {
    if (isInterruption(error)) {
      exitCode = EXIT.interrupted;
      return;
    }
    const failure = toFailure(error);
    openOutput(json).fail(failure);
    exitCode = EXIT[failure.exit];
  };
  return {
    ...surroundings,
    exitCode: () => exitCode,
    endWith: (code) => void (exitCode = code),
    fail,
    async run(options, command) {
      const output = openOutput(options.json ?? false);
      const style = createStyle(canDraw(stdout, env), env);
      try {
        await command({ ...surroundings, output, style, paths: readPaths(env) });
      } catch (error) {
        fail(options, error);
      }
    },
  };
}

/** The signal's reason, and what a prompt ends with when Ctrl-C was pressed in it. */
const isInterruption = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof GatewayError) return new Failure('software', 'gateway', error.message);
  if (error instanceof CouchError)
    return new Failure('unavailable', 'couchdb', `CouchDB does not do it: ${error.message}`, {
      hint: error.status === null ? 'Is it running, and is the address in the configuration right?' : '',
    });
  return systemFailure(error as NodeJS.ErrnoException);
}

type SystemExit = 'noPermission' | 'noInput' | 'cannotCreate' | 'io' | 'os';
const TOO_MANY_FILES = 'cannot be opened: too many files are open';

const SYSTEM = new Map<string, { exit: SystemExit; reason: string }>([
  ['EACCES', { exit: 'noPermission', reason: 'may not be used by this user' }],
  ['EPERM', { exit: 'noPermission', reason: 'may not be changed by this user' }],
  ['ENOENT', { exit: 'noInput', reason: 'is not there' }],
  ['EROFS', { exit: 'cannotCreate', reason: 'is on a file system that is read only' }],
  ['ENOSPC', { exit: 'io', reason: 'cannot be written: the disk is full' }],
  ['EDQUOT', { exit: 'io', reason: 'cannot be written: this user’s share of the disk is full' }],
  ['EMFILE', { exit: 'os', reason: TOO_MANY_FILES }],
  ['ENFILE', { exit: 'os', reason: TOO_MANY_FILES }],
  ['EIO', { exit: 'io', reason: 'cannot be read or written: the disk has failed' }],
]);

function systemFailure(error: NodeJS.ErrnoException): Failure {
  const known = SYSTEM.get(error.code ?? '');
  // The kernel names no path for what is done to an open file: a full disk is told so, mostly.
  const what = error.path ?? 'a file';
  if (known !== undefined)
    return new Failure(known.exit, (error.code ?? '').toLowerCase(), `${what} ${known.reason}`);
  return new Failure('software', 'internal', error.stack ?? error.message);
}
