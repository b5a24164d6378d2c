// A real server whose every reply is a blob sent by the pump, and clients for it; in clear, or over TLS with a
// pre-shared key, which needs no certificate.
import { once } from 'node:events';
import { createServer as createHttpServer, request, type ClientRequest } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { BlobPump, Pumped } from '../../../dist/adapters/files/blob-pump.js';
import type { Stores } from '../../../dist/adapters/files/stores.js';
import { parseBlobId } from '../../../dist/core/ids.js';

const PSK = Buffer.alloc(16, 7);
const TLS = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
const CLIENT_TLS = {
  ...TLS,
  host: '127.0.0.1',
  pskCallback: () => ({ psk: PSK, identity: 'test' }),
  checkServerIdentity: () => undefined,
};

export interface PumpServer {
  readonly port: number;
  /** How each reply ended, in that order. */
  readonly ends: readonly Pumped[];
  /** Resolves when `count` replies have ended. */
  ended(count: number): Promise<void>;
  /** Begins `GET /id`, with the range start to end where one is named. */
  get(path: string): ClientRequest;
}

interface ServeOptions {
  readonly secure?: boolean;
  /** Called before the pump is given the reply. */
  readonly onReply?: (response: ServerResponse) => void;
}

export async function servePump(
  t: TestContext,
  stores: Stores,
  pump: BlobPump,
  { secure = false, onReply = () => undefined }: ServeOptions = {},
): Promise<PumpServer> {
  const ends: Pumped[] = [];
  let told: () => void = () => undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [idText = '', first, last] = (request.url ?? '').slice(1).split('/');
    const id = parseBlobId(idText);
    const blob = id === null ? null : await stores.open(id);
    if (blob === null) return void response.writeHead(404).end();
    const [start, end] = [Number(first ?? 0), Number(last ?? blob.size - 1)];
    response.writeHead(200, { 'content-length': end - start + 1 });
    onReply(response);
    ends.push(await pump.send(blob, start, end, response));
    told();
  };
  const listener: RequestListener = (request, response) => void answer(request, response);
  const server: Server = secure
    ? createHttpsServer({ ...TLS, pskCallback: () => PSK }, listener)
    : createHttpServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ends,
    async ended(count) {
      while (ends.length < count) await new Promise<void>((resolve) => (told = resolve));
    },
    get(path) {
      const createConnection = (): Socket =>
        secure ? connectTls({ ...CLIENT_TLS, port }) : connect(port, '127.0.0.1');
      return request({ path: `/${path}`, createConnection }).end();
    },
  };
}

/** The reply's head, when it has come. */
export async function replyTo(request: ClientRequest): Promise<IncomingMessage> {
  const [reply] = (await once(request, 'response')) as [IncomingMessage];
  return reply;
}

/** All of a body; rejects where it is cut off. */
export async function bodyOf(request: ClientRequest): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await replyTo(request)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What comes of a body until it is cut off; throws where it is not. */
export async function cutBodyOf(reply: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of reply) pieces.push(piece as Buffer);
  } catch {
    return Buffer.concat(pieces);
  }
  throw new Error('the body was not cut off');
}
