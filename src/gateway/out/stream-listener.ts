// Where local programs knock: a port of 127.0.0.1, and a listening Unix socket that the launcher passed. Nothing here
// can be reached from a network.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endMalformed } from '../../adapters/http/malformed.js';
import type { StreamDoor } from '../../core/control/protocol.js';
import type { Limits } from '../../core/limits.js';
import type { StreamApp } from './stream-app.js';

export interface StreamListener {
  /** Listens where it is asked to from now on; rejects with `StreamListenFailed`, and all is as before. */
  follow(wanted: StreamDoor | null): Promise<void>;
  /** Where it listens now. */
  readonly door: StreamDoor | null;
  /** Takes no more connections, and ends those without a request. */
  close(): Promise<void>;
}

/** The port is taken, or what was passed is no listening socket. */
export class StreamListenFailed extends Error {
  readonly key: 'port' | 'fd';
  readonly code: string;
  constructor(key: 'port' | 'fd', code: string) {
    super(code);
    this.key = key;
    this.code = code;
  }
}

/** Programs of this device's own: the replicator has up to 20 for each job. */
const MAX_CONNECTIONS = 1024;
const HOST = '127.0.0.1';
/** What may wait for a program: with less, every record of TLS would stop the peer, and have it go on again. */
const WAITING_BYTES = 524_288;

export function createStreamListener(app: StreamApp, limits: () => Limits): StreamListener {
  let onPort: { readonly wanted: number; readonly server: Server; readonly port: number } | null = null;
  let onFd: Server | null = null;

  function create(portOf: () => number | null): Server {
    const { headerBytes, headerMs, idleMs } = limits();
    const server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: headerMs,
      requestTimeout: 0,
      keepAliveTimeout: idleMs,
      highWaterMark: WAITING_BYTES,
    });
    server.maxConnections = MAX_CONNECTIONS;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      app(request, response, portOf());
    server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      endMalformed(error.code, socket, true),
    );
    return server;
  }

  async function openPort(wanted: number): Promise<typeof onPort> {
    const server = create(() => portOf(server));
    const code = await listen(server, () => server.listen({ host: HOST, port: wanted }));
    if (code !== null) throw new StreamListenFailed('port', code);
    return { wanted, server, port: portOf(server) };
  }

  async function openFd(fd: number): Promise<Server> {
    const server = create(() => null);
    const code = await listen(server, () => server.listen({ fd }));
    if (code !== null) throw new StreamListenFailed('fd', code);
    return server;
  }

  return {
    async follow(wanted) {
      const port = wanted?.port ?? null;
      const isSame = onPort?.wanted === port;
      const opened = port === null || isSame ? null : await openPort(port);
      try {
        if (wanted?.fd === 3) onFd ??= await openFd(wanted.fd);
      } catch (error) {
        opened?.server.close();
        throw error;
      }
      if (!isSame) {
        onPort?.server.close();
        onPort = opened;
      }
      if (wanted?.fd === 3) return;
      onFd?.close();
      onFd = null;
    },
    get door() {
      if (onPort === null && onFd === null) return null;
      return { port: onPort === null ? null : onPort.port, fd: onFd === null ? null : 3 } as const;
    },
    async close() {
      const servers = [onPort?.server, onFd].filter((server) => server instanceof Object);
      await Promise.all(servers.map((server) => closeWithin(server, limits().drainMs)));
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0;

/** Null once it listens, else the error's code. */
function listen(server: Server, begin: () => void): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('listening', () => resolve(null));
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    try {
      begin();
    } catch (error) {
      resolve((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
  });
}

function closeWithin(server: Server, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), ms);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
