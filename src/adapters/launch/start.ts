// Starts the gateway's process: without a core dump, without this process's environment, and under the AppArmor profile
// where one is installed. Says nothing to it.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { StartedGateway } from './started.js';

/** The profile's name, and the file that a package installs it as. */
export const PROFILE = 'patchcord-gateway';
const PROFILE_FILE = `/etc/apparmor.d/${PROFILE}`;
const APPARMOR_ENABLED = '/sys/module/apparmor/parameters/enabled';

/** No core dump may carry the key out: the limit is set before the gateway is. */
const PLAIN = 'ulimit -c 0 && exec "$@"';

/**
 * The profile knows no Unix sockets, which would reach D-Bus, and Node's pipes to a child are such sockets: so three
 * cats stand between, and real pipes. apparmor(7): what is written to `exec` holds from the next exec on. Where the
 * kernel does not know the profile, the gateway runs without, and says so in `ready`. Descriptor 9 brings its exit code;
 * the first cat, which would wait for more to read, is ended by the process id that it says first.
 */
const CONFINED = `ulimit -c 0
exec 6>&1 7>&2
code=$({
  {
    sh -c 'echo $$; exec cat' 6>&- 7>&- 8>&- 9>&- | {
      read -r cat
      (
        [ -z "$0" ] || printf 'exec %s' "$0" 2>/dev/null >/proc/self/attr/apparmor/exec
        exec "$@" 2>&8 6>&- 7>&- 8>&- 9>&-
      )
      echo $? >&9
      kill -s PIPE "$cat" 2>/dev/null
    } | cat >&6 7>&- 8>&- 9>&-
  } 8>&1 | cat >&7 6>&- 9>&-
} 9>&1)
exit "$code"`;

export interface StartOptions {
  readonly command: readonly string[];
  /** The profile to enter; none for an executable to which one attaches by its path. */
  readonly profile: string | null;
  /** Passed as 3. A listening Unix socket: with one, the gateway cannot run under the profile. */
  readonly fd?: number | undefined;
}

/** Its environment is empty: Node's own variables could open an inspector or write a report. */
export function startProcess({ command, profile, fd }: StartOptions): StartedGateway {
  const isConfined = fd === undefined && hasProfile();
  const child = spawn('/bin/sh', scriptOf(isConfined, profile, command), {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    // A group of its own, so that it can be ended as one.
    detached: isConfined,
  }) as ChildProcessWithoutNullStreams;
  const kill = (): void => {
    if (!isConfined || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  };
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const { stdin, stdout, stderr, pid = null } = child;
  return { stdin, stdout, stderr, pid, exited, kill };
}

/** The same with this process's own stdin, stdout and stderr, whatever they are. Resolves with its exit code. */
export const runProcess = ({ command, profile }: StartOptions): Promise<number | null> =>
  new Promise((resolve, reject) => {
    spawn('/bin/sh', scriptOf(hasProfile(), profile, command), { env: {}, stdio: 'inherit' })
      .once('error', reject)
      .once('close', (code) => resolve(code));
  });

const scriptOf = (isConfined: boolean, profile: string | null, command: readonly string[]): string[] => [
  '-c',
  isConfined ? CONFINED : PLAIN,
  profile ?? '',
  ...command,
];

/** Only root may ask the kernel for its profiles: that one was installed has to do. */
function hasProfile(): boolean {
  if (!existsSync(PROFILE_FILE) || !existsSync(APPARMOR_ENABLED)) return false;
  return readFileSync(APPARMOR_ENABLED, 'utf8').startsWith('Y');
}
