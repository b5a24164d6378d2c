// Someone who answers where a peer was dialled, as a test wants it: over TLS with any leaf, or with bare bytes.
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { tlsOf } from './env.js';
import type { TestLeaf } from './pki.js';

export interface Stranger {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Certificates that were shown to it; who judges in time shows none. */
  readonly shown: readonly string[];
  /** Bytes of HTTP that it was sent. */
  readonly received: () => string;
  close(): Promise<void>;
}

/** A TLS server with this leaf, which asks for one. `onRequest` answers each piece of HTTP that comes. */
export async function startTlsStranger(
  leaf: TestLeaf,
  onRequest: (socket: TLSSocket, text: string) => void = () => undefined,
): Promise<Stranger> {
  const shown: string[] = [];
  const server = createTlsServer({
    ...tlsOf(leaf),
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  let received = '';
  server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate();
    if (certificate !== undefined) shown.push(certificate.fingerprint256);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      onRequest(socket, bytes.toString('latin1'));
    });
  });
  server.on('tlsClientError', () => undefined);
  return listen(server, shown, () => received);
}

/** A TCP server that does this with each connection. */
export const startTcpStranger = (onConnection: (socket: Socket) => void): Promise<Stranger> =>
  listen(createTcpServer(onConnection), [], () => '');

async function listen(server: Server, shown: readonly string[], received: () => string): Promise<Stranger> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    shown,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
