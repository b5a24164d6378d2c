// A user's own systemd manager in the test's machine, and commands as that user.
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { soon } from '../kit/two-devices.js';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

export interface Manager {
  readonly env: NodeJS.ProcessEnv & { readonly HOME: string };
  /** Runs a command as that user. Resolves with its output, both kinds, whatever comes of it. */
  run(...command: readonly string[]): Promise<string>;
  /** The same, in a unit for this one run, with these properties. */
  inUnit(properties: readonly string[], command: string): Promise<string>;
  /** What each of these says, all in one unit with these properties. */
  allInUnit(properties: readonly string[], commands: readonly string[]): Promise<string[]>;
  kill(): void;
}

const NEXT = '-- next --';

/** As a login makes one. */
export async function startManager(user: string, uid: number, home: string): Promise<Manager> {
  const runtime = `/run/user/${uid}`;
  const env = {
    ...{ PATH, HOME: home, USER: user, XDG_RUNTIME_DIR: runtime },
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
  };
  const script = `${REPO}/test/confinement/user-manager.sh`;
  const manager = spawn('sh', [script, String(uid)], { env, cwd: REPO, stdio: 'ignore' });
  const ids = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];

  const run: Manager['run'] = (...command) =>
    new Promise((resolve) => {
      execFile('setpriv', [...ids, ...command], { env, cwd: '/' }, (_error, stdout, stderr) =>
        resolve(`${stdout}${stderr}`.trim()),
      );
    });
  const inUnit: Manager['inUnit'] = (properties, command) =>
    run(
      ...['systemd-run', '--user', '--quiet', '--pipe', '--wait', '--collect', '--service-type=exec'],
      ...properties.flatMap((property) => ['-p', property]),
      ...['sh', '-c', `( ${command} ) 2>&1`],
    );
  const allInUnit: Manager['allInUnit'] = async (properties, commands) => {
    const script = commands.map((command) => `( ${command} ) 2>&1; echo; echo '${NEXT}'`);
    const said = await inUnit(properties, script.join('\n'));
    return said.split(NEXT).map((text) => text.trim());
  };

  await soon(async () =>
    (await run('systemctl', '--user', 'is-system-running')) === 'running' ? true : null,
  );
  return { env, run, inUnit, allInUnit, kill: () => void manager.kill('SIGKILL') };
}
