// JSON-RPC 2.0 on a Unix socket in a folder that only this user can enter: one request a line, one answer a line.
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { createLineSplitter } from '../../core/control/lines.js';
import { parseRpcRequest, RPC_ERRORS, type RpcAnswer, type RpcError } from '../../core/control/protocol.js';

export const MAX_CLIENTS = 32;
const SOCKET_MODE = 0o600;

/** Answers one request; what it throws becomes an error of the answer. */
export type RpcHandler = (method: string, params: unknown) => Promise<unknown>;

/** Thrown by a handler: the method is unknown, or an error with a code of the application. */
export class RpcFailure extends Error {
  readonly error: RpcError;
  constructor(error: RpcError) {
    super(error.message);
    this.error = error;
  }
}

export interface RpcServer {
  close(): Promise<void>;
}

/** Someone answers at this socket already. */
export class SocketTaken extends Error {}

/** The folder of `path` has to be there. A socket that a killed process left behind is replaced. */
export async function serveRpc(path: string, handle: RpcHandler): Promise<RpcServer> {
  await removeAbandoned(path);
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    if (clients.size >= MAX_CLIENTS) return void socket.destroy();
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    socket.on('error', () => undefined);
    serveClient(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  await chmod(path, SOCKET_MODE);
  return {
    close: () =>
      new Promise((resolve) => {
        // Takes the socket's name away as well.
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

function serveClient(socket: Socket, handle: RpcHandler): void {
  const splitter = createLineSplitter();
  let last = Promise.resolve();
  socket.on('data', (bytes: Buffer) => {
    for (const line of splitter.push(bytes)) {
      last = last.then(async () => {
        const answer = await answerTo(line, handle);
        if (answer !== null && socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
      });
    }
  });
}

async function answerTo(line: string | null, handle: RpcHandler): Promise<RpcAnswer | null> {
  const request = parseRpcRequest(line);
  if ('code' in request) return { jsonrpc: '2.0', id: null, error: request };
  const { id = null, method, params } = request;
  const outcome = await handle(method, params).then(
    (result) => ({ result: result ?? {} }),
    (error: unknown) => ({ error: error instanceof RpcFailure ? error.error : RPC_ERRORS.internal }),
  );
  return request.id === undefined ? null : { jsonrpc: '2.0', id, ...outcome };
}

async function removeAbandoned(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return;
  if (!stat.isSocket() || (await isAnswered(path))) throw new SocketTaken(path);
  await unlink(path);
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
      .on('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .on('error', () => resolve(false));
  });
