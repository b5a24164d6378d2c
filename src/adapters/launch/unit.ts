// The gateway as a systemd unit of its own, in this user's manager: for a launcher whose own unit knows only loopback,
// because an address filter holds for all that a unit starts. The manager starts one for each connection to a Unix
// socket (apparmor/systemd); so a launcher needs no D-Bus, and has no say in what is started.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { StartedGateway } from './started.js';

/** ListenStream= of patchcord-gateway.socket, below the user's runtime folder. */
const SOCKET = 'patchcord/gateway.sock';

/** Rejects with the system's error where no such socket listens. Log lines go to the journal, of that unit. */
export async function connectToUnit(): Promise<StartedGateway> {
  const socket = connect({
    path: join(process.env['XDG_RUNTIME_DIR'] ?? '/', SOCKET),
    allowHalfOpen: true,
  });
  await once(socket, 'connect');
  const exited = new Promise<null>((resolve) => socket.once('close', () => resolve(null)));
  // What it was told, and how it ended, stands in its events.
  socket.on('error', () => undefined).once('end', () => socket.end());
  return {
    stdin: socket,
    stdout: socket,
    stderr: null,
    pid: null,
    exited,
    kill: () => void socket.destroy(),
  };
}
