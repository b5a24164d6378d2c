// Network namespaces for tests: a test file runs again inside a namespace of its own, where it may make links as it
// likes, as root or through a user namespace.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const INSIDE = 'PATCHCORD_TEST_NAMESPACE';

/** What stays outside while the tests run inside, in processes of its own; `env` is for those inside. */
export interface Outside {
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

/**
 * Whether this process is in a namespace of its own already. If not, one test is registered that runs the file of
 * `url` inside one, and all of its tests have to pass there. `openOutside` is called first, and not in there.
 */
export function isInsideNamespace(url: string, openOutside?: () => Promise<Outside>): boolean {
  if (process.env[INSIDE] === '1') return true;
  const file = fileURLToPath(url);
  test(`in a network namespace: ${file.replace(/^.*\.test-build\//, '')}`, async (t) => {
    const outside = await openOutside?.();
    t.after(() => outside?.close());
    const env: NodeJS.ProcessEnv = { ...process.env, ...outside?.env, [INSIDE]: '1' };
    // The runner marks its children; a runner inside one would report to it and not to us.
    delete env['NODE_TEST_CONTEXT'];
    const command = ['-Urnm', process.execPath, '--test', '--test-reporter=spec', file];
    const { status, stdout, stderr } = spawnSync('unshare', command, { env, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  });
  return false;
}

export const ip = (command: string): string => execFileSync('ip', command.split(' '), { encoding: 'utf8' });

/** A second device at the other end of the cables: a network namespace that lives as long as a process in it. */
export interface OtherEnd {
  readonly pid: number;
  /** Runs node there with a script's path and input, and resolves with what it printed. */
  run(script: string, input: string): Promise<string>;
  /** The same, which goes on with its stdin open until it is killed. */
  start(script: string, input: string): { kill(): void };
  /** Runs `ip` there. */
  ip(command: string): void;
  close(): void;
}

export async function createOtherEnd(): Promise<OtherEnd> {
  const holder: ChildProcess = spawn('unshare', ['-n', 'sh', '-c', 'echo up; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout?.once('data', resolve));
  const pid = holder.pid ?? 0;
  const enter = [`--net=/proc/${pid}/ns/net`];
  return {
    pid,
    run: (script, input) =>
      new Promise((resolve, reject) => {
        const child = spawn('nsenter', [...enter, process.execPath, script], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        let printed = '';
        child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString('utf8')));
        child.once('error', reject);
        child.once('close', () => resolve(printed));
        child.stdin.end(input);
      }),
    start(script, input) {
      const child = spawn('nsenter', [...enter, process.execPath, script], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      child.stdin.write(input);
      return { kill: () => void child.kill('SIGKILL') };
    },
    ip: (command) => void execFileSync('nsenter', [...enter, 'ip', ...command.split(' ')]),
    close: () => void holder.kill('SIGKILL'),
  };
}

/** A switch here, into which each of these is plugged: `[name, end]`, null for this end. */
export function plugSwitch(ports: readonly (readonly [name: string, other: OtherEnd | null])[]): void {
  ip('link add switch0 type bridge');
  ip('link set switch0 up');
  for (const [index, [name, other]] of ports.entries()) {
    const end = other === null ? '' : ` netns ${other.pid}`;
    ip(`link add port${index} type veth peer name ${name}${end}`);
    ip(`link set port${index} master switch0 up`);
    if (other === null) ip(`link set ${name} up`);
    else other.ip(`link set ${name} up`);
  }
}

/** A cable from `near`, here, to `far`, at the other end; plugged in on both sides. */
export function plugCable(near: string, far: string, other: OtherEnd): void {
  ip(`link add ${near} type veth peer name ${far} netns ${other.pid}`);
  ip(`link set ${near} up`);
  other.ip(`link set ${far} up`);
}
