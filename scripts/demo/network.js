// The two ends of a virtual cable with nothing on it but its own link-local addresses; or loopback, where there is no cable.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });

/** `enter` is what a command at that end begins with; `listen` is of the configuration: by itself it would not take a link without a device. */
export async function plugCable() {
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo up; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const enter = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
  const farIp = (...words) => execFileSync(enter[0], [enter[1], 'ip', ...words]);
  ip('link', 'set', 'lo', 'up');
  farIp('link', 'set', 'lo', 'up');
  ip('link', 'add', 'cable0', 'type', 'veth', 'peer', 'name', 'cable1', 'netns', String(holder.pid));
  ip('link', 'set', 'cable0', 'up');
  farIp('link', 'set', 'cable1', 'up');
  return {
    hasCable: true,
    near: { enter: [], listen: { on: ['cable0'] } },
    far: { enter, listen: { on: ['cable1'] } },
    unplug: () => ip('link', 'set', 'cable0', 'down'),
    plug: () => ip('link', 'set', 'cable0', 'up'),
    close: () => holder.kill('SIGKILL'),
  };
}

export async function useLoopback() {
  const [near, far] = [await freePort(), await freePort()];
  return {
    hasCable: false,
    near: { enter: [], listen: { on: 'loopback', port: near } },
    far: { enter: [], listen: { on: 'loopback', port: far } },
    close: () => undefined,
  };
}

async function freePort() {
  const server = createServer().listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
