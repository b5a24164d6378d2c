// One HTTPS server on one address. It completes the handshake with anyone, hands the leaf over to be judged, and lets
// HTTP see the socket only when it was admitted: before that, no byte of a request is parsed.
import { constants } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Limits } from '../../core/limits.js';
import type { ConnectedSocket, Strangers } from './strangers.js';

export interface TlsMaterial {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface TlsServerOptions {
  readonly material: TlsMaterial;
  readonly limits: Limits;
  readonly strangers: Strangers;
  /** Judges the leaf of a connection and owns it from then on; false ends it without a byte. */
  readonly admit: (socket: TLSSocket) => boolean;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Bytes that are no request, or not in time; ends the connection. */
  readonly onMalformed: (error: NodeJS.ErrnoException, socket: Duplex) => void;
  readonly onHandshakeFailed: (code: string, address: string | undefined) => void;
}

/** AES-128 first: it is the cheapest for both ends, and no weaker than the P-256 keys. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const CHECK_INTERVAL_MS = 1000;
/** Strangers have a deadline of their own, which follows reloads: with another beside it, either could be the one told. */
const NEVER_MS = 2 ** 31 - 1;

const contextOf = ({ certPem, keyPem }: TlsMaterial) => ({
  cert: certPem,
  key: keyPem,
  // An empty list: the judgement is not the stack's, and whom this user shares with is nobody's to read.
  ca: [],
  minVersion: 'TLSv1.3' as const,
  ciphers: CIPHERS,
  honorCipherOrder: true,
  // No session is resumed: peers do not, and a ticket, which holds the peer's certificate, is a fifth of a handshake.
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const boundsOf = ({ headerBytes, headerMs, idleMs }: Limits) => ({
  maxHeaderSize: headerBytes,
  headersTimeout: headerMs,
  keepAliveTimeout: idleMs,
});

/** A server that listens on nothing yet. */
export function createTlsServer(options: TlsServerOptions): Server {
  const { limits, strangers } = options;
  const server = createServer({
    ...contextOf(options.material),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: NEVER_MS,
    ...boundsOf(limits),
    // A large attachment takes as long as it takes; bodies that stall are watched one by one.
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    insecureHTTPParser: false,
  });
  server.on('connection', (socket) => strangers.enter(socket));
  server.on('request', options.onRequest);
  server.on('checkContinue', options.onRequest);
  server.on('checkExpectation', options.onRequest);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => options.onMalformed(error, socket));
  judgeBeforeHttp(server, options);
  return server;
}

/** Puts the judgement between the handshake and HTTP: the only listener of `secureConnection` is ours. */
function judgeBeforeHttp(server: Server, { strangers, admit, onHandshakeFailed }: TlsServerOptions): void {
  const [serveHttp] = server.listeners('secureConnection') as ((this: Server, socket: TLSSocket) => void)[];
  if (serveHttp === undefined) throw new Error('this version of Node serves HTTPS in another way');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    const stillHere = strangers.leave(socket);
    if (stillHere && admit(socket)) serveHttp.call(server, socket);
    else socket.destroy();
  });
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const address = addressOf(socket);
    socket.destroy();
    onHandshakeFailed(error.code ?? 'unknown', address);
  });
}

/**
 * A TLS socket that is closed has no address any more; the one below it, which no type has, remembers what it was asked
 * for when it came in.
 */
const addressOf = (socket: TLSSocket & { readonly _parent?: ConnectedSocket }): string | undefined =>
  socket.remoteAddress ?? socket._parent?.remoteAddress;

/** New connections get the new certificate; those that are open keep theirs. */
export const replaceMaterial = (server: Server, material: TlsMaterial): void =>
  server.setSecureContext(contextOf(material));

/** From the next connection on; Node looks at them for each. */
export const replaceLimits = (server: Server, limits: Limits): void =>
  void Object.assign(server, boundsOf(limits));
