// A user's own systemd manager in the test's machine, and commands as that user.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from '../kit/until.js';

export const HOME = '/home/ada';
const REPO = fileURLToPath(new URL('../..', import.meta.url));
const ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  HOME,
  USER: 'ada',
  XDG_RUNTIME_DIR: '/run/user/1000',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
};
const AS_ADA = ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', '--inh-caps=-all'];

/** Its output, both kinds; whatever comes of it. */
export function asAda(...command: string[]): string {
  const [program = '', ...args] = [...AS_ADA, ...command];
  const { stdout, stderr } = spawnSync(program, args, { env: ENV, cwd: '/', encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

/** A unit for one run, with these properties. */
export const inUnit = (properties: readonly string[], ...command: string[]): string =>
  asAda(
    ...['systemd-run', '--user', '--quiet', '--pipe', '--wait', '--collect', '--service-type=exec'],
    ...properties.flatMap((property) => ['-p', property]),
    ...command,
  );

export async function startUserManager(): Promise<ChildProcess> {
  const script = `${REPO}/test/confinement/user-manager.sh`;
  const manager = spawn('sh', [script], { env: ENV, cwd: REPO, stdio: 'ignore' });
  await eventually(() => (asAda('systemctl', '--user', 'is-system-running') === 'running' ? true : null));
  return manager;
}
