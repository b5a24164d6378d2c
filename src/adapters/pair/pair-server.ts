// A TLS server for one offer: a leaf and a key made for it alone, no session that could be resumed, and whoever comes
// shows a leaf.
import { constants } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { createPairConnection, type PairConnection } from './pair-connection.js';

export interface PairLeaf {
  /** PEM. */
  readonly leaf: string;
  readonly key: string;
}

export interface PairServerOptions extends PairLeaf {
  readonly handshakeMs: number;
  /** Who came, before any handshake; and who made it. False: cut before that. */
  readonly enter: (socket: Duplex) => void;
  readonly leave: (socket: TLSSocket) => boolean;
  readonly onConnection: (connection: PairConnection) => void;
}

/** On one address, those that are told that it is busy among them. */
const MAX_CONNECTIONS = 32;

/** What both ends of a run use. A new context for each run: it holds no session of another. */
export const pairTls = ({ leaf, key }: PairLeaf) => ({
  cert: leaf,
  key,
  // An empty list: the leaf of a run is signed by nobody.
  ca: [],
  minVersion: 'TLSv1.3' as const,
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
});

/** Listens on nothing yet. */
export function createPairServer({
  handshakeMs,
  enter,
  leave,
  onConnection,
  ...material
}: PairServerOptions): Server {
  const server = createServer({ ...pairTls(material), requestCert: true, handshakeTimeout: handshakeMs });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Duplex) => enter(socket));
  server.on('secureConnection', (socket) => {
    const connection = leave(socket) ? createPairConnection(socket) : null;
    if (connection === null) socket.destroy();
    else onConnection(connection);
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}
