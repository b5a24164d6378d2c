// A real avahi-daemon with a bus of its own, in this process's namespaces: nothing of the machine's is touched.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Avahi {
  /** Lines of `avahi-browse`, resolved, of one service type. */
  browse(service: string): Promise<string[]>;
  /** Publishes a service until it is closed. */
  publish(name: string, service: string, port: number, txt: string): void;
  close(): Promise<void>;
}

const run = promisify(execFile);

const BUS_CONF = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true"/><allow receive_type="method_call"/>
<allow receive_type="signal"/><allow receive_requested_reply="true"/></policy></busconfig>`;

const AVAHI_CONF = (link: string): string => `[server]
host-name=beside
use-ipv4=no
use-ipv6=yes
allow-interfaces=${link}
[publish]
publish-workstation=no
`;

/** Starts both, and resolves once the daemon answers. The caller's mount namespace must be its own. */
export async function startAvahi(link: string): Promise<Avahi> {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-avahi-'));
  const socket = join(folder, 'bus');
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` };
  // The daemon writes its process id there, and only there.
  execFileSync('mount', ['-t', 'tmpfs', 'none', '/run']);
  // It gives that folder to its user, who has to be one that exists in this user namespace.
  replace('/etc/passwd', 'root:x:0:0::/:/bin/sh\navahi:x:0:0::/:/bin/sh\n');
  replace('/etc/group', 'root:x:0:\navahi:x:0:\n');
  writeFileSync(join(folder, 'bus.conf'), BUS_CONF(socket));
  writeFileSync(join(folder, 'avahi.conf'), AVAHI_CONF(link));
  const children: ChildProcess[] = [];
  const start = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    return child;
  };
  const bus = start(
    'dbus-daemon',
    `--config-file=${join(folder, 'bus.conf')}`,
    '--nofork',
    '--print-address',
  );
  await new Promise((resolve) => bus.stdout?.once('data', resolve));
  start('avahi-daemon', '--no-drop-root', '--no-chroot', '--no-rlimits', '-f', join(folder, 'avahi.conf'));

  const browse = async (service: string): Promise<string[]> => {
    const args = ['--parsable', '--resolve', '--terminate', '--no-db-lookup', service];
    const { stdout } = await run('avahi-browse', args, { env }).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter((line) => line.startsWith('='));
  };
  return {
    browse,
    publish: (name, service, port, txt) =>
      void start('avahi-publish', '-s', name, service, String(port), txt),
    async close() {
      for (const child of children.reverse()) {
        const ended = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Shows another content at `path`, in this mount namespace. */
function replace(path: string, content: string): void {
  const file = `/run/${path.replaceAll('/', '-')}`;
  writeFileSync(file, content);
  execFileSync('mount', ['--bind', file, path]);
}
