// A user's own systemd manager in the test's machine, and commands as that user.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { soon } from '../kit/two-devices.js';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

export interface Manager {
  /** Runs a command as that user. Resolves with its output, both kinds, whatever comes of it. */
  run(...command: readonly string[]): Promise<string>;
  /** Runs each of these in a unit of its own, all at once. Resolves with what each said; nothing where one cannot start. */
  runUnits(units: readonly TestUnit[]): Promise<string[]>;
  kill(): void;
}

export interface TestUnit {
  /** Lines of its [Service]. */
  readonly properties: readonly string[];
  /** For a shell. */
  readonly command: string;
}

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
  /** Files, and not systemd-run: a process and a bus connection for each would take longer than all of them. */
  const runUnits: Manager['runUnits'] = async (units) => {
    const said = (index: number): string => `${runtime}/try-${index}`;
    for (const [index, { properties, command }] of units.entries()) {
      const script = `${home}/try-${index}.sh`;
      writeFileSync(script, `( ${command} ) 2>&1\n`);
      const lines = [...properties, 'Type=oneshot', `StandardOutput=file:${said(index)}`];
      const unit = `[Service]\n${lines.join('\n')}\nExecStart=/bin/sh ${script}\n`;
      writeFileSync(`${home}/.config/systemd/user/try-${index}.service`, unit);
      rmSync(said(index), { force: true });
    }
    await run('systemctl', '--user', 'daemon-reload');
    await run('systemctl', '--user', 'start', ...units.map((_unit, index) => `try-${index}.service`));
    return units.map((_unit, index) =>
      existsSync(said(index)) ? readFileSync(said(index), 'utf8').trim() : '',
    );
  };

  await soon(async () =>
    (await run('systemctl', '--user', 'is-system-running')) === 'running' ? true : null,
  );
  return { run, runUnits, kill: () => void manager.kill('SIGKILL') };
}
