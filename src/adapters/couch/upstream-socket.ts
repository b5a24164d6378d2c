// Opens the connections to the upstream: given up when they do not come about in time, and watched, because after one
// was lost what answers may be another server, or the same with other users.
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { UpstreamAddress } from '../../core/env/couchdb.js';

export interface SocketOptions {
  readonly address: UpstreamAddress;
  readonly connectMs: () => number;
  /** A connection ended, however that came about. */
  readonly onLost: () => void;
}

/** Resolves where the request may go up as things are now; rejects with what it is to fail with. */
export type Vouch = () => Promise<void>;

/** What took too long fails with this. */
export class UpstreamTimeout extends Error {}

/** For https it trusts the given CA only, and checks the given name. */
function open({ protocol, host, port, ca, serverName }: UpstreamAddress): Socket {
  if (protocol === 'http:') return connectPlain({ host, port, noDelay: true });
  const socket = connectTls({ host, port, ca: ca ?? [], servername: serverName ?? '' });
  return socket.setNoDelay(true);
}

/**
 * Resolves with a socket that is ready. An idle connection that the upstream closed may only be noticed when it should
 * be used again, and the request was let through before that: so `vouch` is asked once more before a byte goes over this.
 */
export async function openUpstreamSocket(
  { address, connectMs, onLost }: SocketOptions,
  vouch: Vouch | null,
): Promise<Socket> {
  const socket = open(address);
  const ready = address.protocol === 'https:' ? 'secureConnect' : 'connect';
  watch(socket, ready, connectMs(), onLost);
  await isReady(socket, ready);
  try {
    await vouch?.();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function isReady(socket: Socket, ready: string): Promise<void> {
  let failure: Error = new Error('closed');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => (failure = error));
    socket.once('close', () => reject(failure));
    // What ended before this connection came about is told of in the same turn of the event loop, at the latest.
    socket.once(ready, () => setImmediate(resolve));
  });
}

function watch(socket: Socket, ready: string, connectMs: number, onLost: () => void): void {
  const deadline = setTimeout(() => socket.destroy(new UpstreamTimeout('connect')), connectMs);
  socket.once(ready, () => clearTimeout(deadline));
  socket.once('end', onLost);
  socket.once('error', onLost);
  socket.once('close', () => {
    clearTimeout(deadline);
    // However it ended: not every version of Node tells an idle connection's end by the two events above.
    onLost();
  });
}
