// The connections to the upstream: kept alive, given up when they do not come about in time, and watched, because
// after one was lost what answers may be another server, or the same with other users.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
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
  const connect = agent.createConnection.bind(agent);
  let open = 0;
  agent.createConnection = (options, done) => {
    const socket = connect(options, done) as Socket;
    open += 1;
    // With none left, another server can take the port unseen.
    socket.once('close', () => {
      open -= 1;
      if (open === 0) onLost();
    });
    watch(socket, address.protocol === 'https:' ? 'secureConnect' : 'connect', connectMs(), onLost);
    return socket;
  };
  return agent;
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
