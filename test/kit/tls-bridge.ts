// A loopback bridge to the gateway for a client that has no leaf: CouchDB's replicator cannot show one. It adds the
// leaf, and puts `/couch` before each path; nothing else is changed, and nothing is judged.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Peer } from './peer.js';

export interface TlsBridge {
  readonly port: number;
  /** "200 GET /db/ ": what was answered to what, as the client wrote it, in the order of the answers. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 600_000;

export async function startTlsBridge(peer: Pick<Peer, 'agent' | 'port'>): Promise<TlsBridge> {
  const seen: string[] = [];
  const server = createServer((incoming, response) => bridge(peer, seen, incoming, response));
  // CouchDB's replicator does not ask again where a connection that it kept was closed as it began to.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bridge(
  { agent, port }: Pick<Peer, 'agent' | 'port'>,
  seen: string[],
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const { method = '', url = '', headers } = incoming;
  const outgoing = request({ host: '::1', port, agent, method, path: `/couch${url}`, headers });
  outgoing.on('response', (reply) => {
    seen.push(`${reply.statusCode ?? 0} ${method} ${url} `);
    response.writeHead(reply.statusCode ?? 0, reply.headers);
    reply.on('error', () => response.destroy());
    reply.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
