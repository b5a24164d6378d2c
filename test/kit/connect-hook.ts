// Loaded into a process before its own code (`node --import`): writes down, as lines of JSON, where each of its
// sockets is told to connect or to send. Changes nothing.
import dgram from 'node:dgram';
import { appendFileSync } from 'node:fs';
import net from 'node:net';

export const CONNECTS_FILE = 'PATCHCORD_TEST_CONNECTS';

/** Where to: the path of a Unix socket, or what stood as the host. */
export interface Reached {
  readonly to: string;
  readonly by: 'socket' | 'datagram';
}

const file = process.env[CONNECTS_FILE];
if (file !== undefined) hook(file);

function hook(path: string): void {
  const note = (reached: Reached): void => appendFileSync(path, `${JSON.stringify(reached)}\n`);
  wrap(net.Socket.prototype, 'connect', (args) => note({ to: targetOf(args), by: 'socket' }));
  for (const name of ['bind', 'connect', 'send'])
    wrap(dgram.Socket.prototype, name, () => note({ to: name, by: 'datagram' }));
}

function wrap(of: object, name: string, before: (args: readonly unknown[]) => void): void {
  const methods = of as Record<string, (this: unknown, ...args: unknown[]) => unknown>;
  const original = methods[name];
  methods[name] = function (...args) {
    before(args);
    return original?.apply(this, args);
  };
}

/** `connect` is called with options, with a path, with a port and a host, or with all of them in one array. */
function targetOf(args: readonly unknown[]): string {
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[];
  if (typeof first === 'object' && first !== null) {
    const { path, host } = first as { path?: string | null; host?: string };
    return path ?? host ?? 'localhost';
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return first;
  return typeof second === 'string' ? second : 'localhost';
}
