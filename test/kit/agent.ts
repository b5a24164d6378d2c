// The `patchcord` command as people run it: the real executable, in a home of its own.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createDeviceKey } from '../../dist/adapters/pki/keys.js';
import { issueLeaf, type UserCa } from '../../dist/adapters/pki/user-ca.js';
import { readPaths, type Paths } from '../../dist/agent/home/paths.js';
import { deviceIdOf, userIdOf, type DeviceId } from '../../dist/core/ids.js';
import { createPublicKey } from 'node:crypto';
import type { OtherEnd } from './netns.js';

export const PATCHCORD = fileURLToPath(new URL('../../bin/patchcord', import.meta.url));

export interface TestHome {
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  /** A folder for whatever else a test needs, removed with the home. */
  readonly scratch: string;
  writeConfig(config: unknown, mode?: number): void;
  readonly started: Set<Command>;
}

/** An empty home; what was started in it is ended, and the home removed, when the test ends. */
export function createTestHome(t: TestContext): TestHome {
  const root = mkdtempSync(join(tmpdir(), 'patchcord-home-'));
  const [data, config, runtime, scratch] = ['data', 'config', 'run', 'scratch'].map((name) => {
    const folder = join(root, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  });
  const env = {
    PATH: process.env['PATH'],
    HOME: root,
    XDG_DATA_HOME: data,
    XDG_CONFIG_HOME: config,
    XDG_RUNTIME_DIR: runtime,
  };
  const paths = readPaths(env);
  const started = new Set<Command>();
  t.after(async () => {
    for (const command of started) command.kill('SIGKILL');
    await Promise.all([...started].map(({ ended }) => ended));
    // The children of one that was killed end by themselves, and may still write for a moment.
    rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return {
    env,
    paths,
    scratch: scratch ?? root,
    started,
    writeConfig(value, mode = 0o600) {
      mkdirSync(dirname(paths.config), { recursive: true });
      writeFileSync(paths.config, typeof value === 'string' ? value : JSON.stringify(value));
      chmodSync(paths.config, mode);
    },
  };
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  /** Resolves when it and whoever has its output are gone. */
  readonly ended: Promise<Result>;
  readonly stdout: () => string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Types this text. */
  type(text: string): void;
  /** Ends its stdin. */
  endInput(): void;
  /** Resolves with the first of the lines of JSON, past or coming, that `matches`. */
  untilLine(matches: (line: Line) => boolean): Promise<Line>;
  /** Resolves when this stands in the output. */
  untilText(text: string): Promise<void>;
}

export type Line = Readonly<Record<string, unknown>>;

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Runs at the other end of the cables. */
  readonly within?: OtherEnd;
  /** Runs at a terminal of its own, whose input is what is typed, and whose output is both of the command's. */
  readonly terminal?: boolean;
  /** Another executable than this package's own. */
  readonly executable?: string;
}

export function startPatchcord(home: TestHome, args: readonly string[], options: StartOptions = {}): Command {
  const { env, within, terminal = false, executable = PATCHCORD } = options;
  const enter = within === undefined ? [] : ['nsenter', `--net=/proc/${within.pid}/ns/net`];
  const command = [...enter, process.execPath, executable, ...args];
  const [program = '', ...words] = terminal ? atTerminal(command) : command;
  const child = spawn(program, words, {
    env: { ...home.env, ...env },
    stdio: 'pipe',
  });
  let [stdout, stderr] = ['', ''];
  const looks = new Set<() => void>();
  const lookAll = (): void => looks.forEach((look) => look());
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    lookAll();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    lookAll();
  });
  const ended = new Promise<Result>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  const until = <Value>(find: () => Value | undefined, what: string): Promise<Value> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        looks.delete(look);
        resolve(found);
      };
      looks.add(look);
      look();
      void ended.then(({ code }) =>
        reject(new Error(`it ended (${String(code)}) before ${what}:\n${stdout}${stderr}`)),
      );
    });
  const running: Command = {
    ended,
    stdout: () => stdout,
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    type: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    untilLine: (matches) => until(() => linesOf(stdout).find(matches), 'that line'),
    untilText: async (text) => {
      await until(() => ((stdout + stderr).includes(text) ? true : undefined), text);
    },
  };
  home.started.add(running);
  void ended.then(() => home.started.delete(running));
  return running;
}

/** By script(1) of util-linux; a terminal that nobody gave a size has none. */
function atTerminal(command: readonly string[]): string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return ['script', '-qefc', `stty cols 100 rows 30; exec ${quoted}`, '/dev/null'];
}

/** Runs a command to its end, with nothing on its stdin. */
export function patchcord(home: TestHome, args: readonly string[], options?: StartOptions): Promise<Result> {
  const command = startPatchcord(home, args, options);
  command.endInput();
  return command.ended;
}

/** The lines of JSON that are whole. */
export const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** The code of the failure that `--json` told. */
export const failureOf = ({ stdout }: Result): string => {
  const failure = linesOf(stdout).find((line) => 'error' in line) as { error: { code: string } } | undefined;
  return failure?.error.code ?? '';
};

export interface RunningUp extends Command {
  readonly ready: ReadyLine;
  readonly port: number;
}

export interface ReadyLine extends Line {
  readonly identity: { readonly userId: string; readonly deviceId: string; readonly isNew: boolean };
  readonly listeners: readonly { readonly address: string; readonly port: number }[];
  readonly couchdb: {
    readonly kind: string;
    readonly url: string;
    readonly databases: string[] | null;
    readonly missingCredentials: string[];
  };
}

export const isEvent =
  (event: string) =>
  (line: Line): boolean =>
    line['event'] === event;

/** `patchcord up` on loopback, when it is ready. */
export async function startUp(
  home: TestHome,
  args: readonly string[] = [],
  options?: StartOptions,
): Promise<RunningUp> {
  const command = startPatchcord(home, ['up', '--json', '--listen', 'loopback', ...args], options);
  const ready = (await command.untilLine(isEvent('ready'))) as ReadyLine;
  return { ...command, ready, port: ready.listeners[0]?.port ?? 0 };
}

/** Makes this home another device of the user of `first`, as pairing would. */
export function joinHome(home: TestHome, first: TestHome): DeviceId {
  const { cert, key } = issueDevice(first);
  mkdirSync(home.paths.identity, { recursive: true, mode: 0o700 });
  const ca = readFileSync(join(first.paths.identity, 'user-ca.pem'), 'utf8');
  for (const [name, text] of Object.entries({ 'leaf.pem': cert, 'leaf.key': key, 'user-ca.pem': ca }))
    writeFileSync(join(home.paths.identity, name), text, { mode: 0o600 });
  return deviceIdOf(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

/** One more device of the user of this home, as its holder would sign one. */
export function issueDevice(home: TestHome): { cert: string; key: string } {
  const read = (name: string): string => readFileSync(join(home.paths.identity, name), 'utf8');
  const certPem = read('user-ca.pem');
  const publicKey = createPublicKey(certPem).export({ type: 'spki', format: 'der' });
  const ca: UserCa = { certPem, keyPem: read('user-ca.key'), userId: userIdOf(publicKey) };
  const device = createDeviceKey();
  return { cert: issueLeaf({ ca, publicKey: device.publicKey, now: new Date() }), key: device.keyPem };
}
