// The connections to the upstream: kept alive, given up when they do not come about in time, and watched, because
// after one was lost what answers may be another server, or the same with other users.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { UpstreamAddress } from '../../core/env/couchdb.js';

export interface UpstreamAgentOptions {
  readonly address: UpstreamAddress;
  readonly connectMs: () => number;
  /** A connection ended that this side had not given up, or the last that was open. */
  readonly onLost: () => void;
}

/** Shorter than CouchDB's own: a request should not race with the server's closing. */
const FREE_SOCKET_MS = 30_000;
const MAX_FREE_SOCKETS = 32;

/** What a connection that took too long fails with. */
export class ConnectTimeout extends Error {}

/** Resolves where the request may go up as things are now; rejects with what it is to fail with. */
export type Vouch = () => Promise<void>;

/** Of the request that is being sent now: http-proxy hands nothing of its caller's on to the agent. */
let vouchNow: Vouch | null = null;

/**
 * Sends a request within `send`, which must begin it at once, as node:http does. Should it need a new connection,
 * `vouch` is asked before a byte goes over that.
 */
export function sendVouched(vouch: Vouch | null, send: () => void): void {
  vouchNow = vouch;
  try {
    send();
  } finally {
    vouchNow = null;
  }
}

/** The agent for the upstream's protocol. For https it trusts the given CA only, and checks the given name. */
export function createUpstreamAgent({ address, connectMs, onLost }: UpstreamAgentOptions): http.Agent {
  const base = address.protocol === 'https:' ? https.Agent : http.Agent;
  const tls =
    address.protocol === 'https:' ? { ca: address.ca ?? [], servername: address.serverName ?? '' } : {};
  const agent = new base({
    keepAlive: true,
    maxFreeSockets: MAX_FREE_SOCKETS,
    scheduling: 'lifo',
    // Of a connection that is in use it ends nothing.
    timeout: FREE_SOCKET_MS,
    ...tls,
  });
  const ready = address.protocol === 'https:' ? 'secureConnect' : 'connect';
  const connect = agent.createConnection.bind(agent);
  let open = 0;
  agent.createConnection = (options, done) => {
    const vouch = vouchNow;
    const socket = connect(options) as Socket;
    open += 1;
    // With none left, another server can take the port unseen.
    socket.once('close', () => {
      open -= 1;
      if (open === 0) onLost();
    });
    watch(socket, ready, connectMs(), onLost);
    handOver(socket, ready, vouch, done);
    return undefined;
  };
  return agent;
}

/**
 * Gives the socket to the request that it was opened for. An idle connection that the upstream closed may only be
 * noticed when it should be used again, and the request was let through before that: so it is asked once more.
 */
function handOver(
  socket: Socket,
  ready: string,
  vouch: Vouch | null,
  done: ((error: Error | null, socket: Duplex) => void) | undefined,
): void {
  let failure: Error = new Error('closed');
  const settled = new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => (failure = error));
    socket.once('close', () => reject(failure));
    // What ended before this connection came about is told of in the same turn of the event loop, at the latest.
    socket.once(ready, () => setImmediate(resolve));
  });
  settled
    .then(() => vouch?.())
    .then(
      () => done?.(null, socket),
      (error: unknown) => {
        socket.destroy();
        done?.(error as Error, socket);
      },
    );
}

function watch(socket: Socket, ready: string, connectMs: number, onLost: () => void): void {
  const deadline = setTimeout(() => socket.destroy(new ConnectTimeout('connect')), connectMs);
  socket.once(ready, () => clearTimeout(deadline));
  socket.once('end', onLost);
  socket.once('error', onLost);
  socket.once('close', () => {
    clearTimeout(deadline);
    // However it ended: not every version of Node tells an idle connection's end by the two events above.
    onLost();
  });
}

/** Lets what is under way go on, and keeps no connection after it: a reload cuts no feed that it still permits. */
export function retireAgent(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}
