// The connections to the upstream: kept alive, one request at a time on each, the one that was used last first.
import Client from 'undici/lib/dispatcher/client.js';
import type { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import type { HeaderList } from '../../core/headers.js';
import { openUpstreamSocket, type SocketOptions, type Vouch } from './upstream-socket.js';
import type { UpstreamReply } from './upstream-reply.js';

export interface PoolRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Readable | null;
}

export interface UpstreamPool {
  /** Sends a request, and hands what comes back to `reply`. Over a new connection nothing goes up before `vouch` resolved. */
  send(request: PoolRequest, reply: UpstreamReply, vouch: Vouch | null): void;
  /** What is under way goes on; nothing is kept after it. */
  close(): void;
}

/** Shorter than CouchDB's own: a request should not race with the server's closing. */
const FREE_SOCKET_MS = 30_000;
const MAX_FREE = 32;
/** undici's parser is one large function of WebAssembly: V8 optimises it after the first reply, and takes 10 MB for that. */
const WASM_TIERING_BUDGET = 50_000_000;

interface Line {
  readonly client: Client;
  /** Of the request that is on it, or that opens it. */
  vouch: Vouch | null;
}

export function createUpstreamPool(options: SocketOptions): UpstreamPool {
  const { protocol, host, port } = options.address;
  const origin = `${protocol}//${host.includes(':') ? `[${host}]` : host}:${port}`;
  const free: Line[] = [];
  setFlagsFromString(`--wasm-tiering-budget=${WASM_TIERING_BUDGET}`);
  let isClosed = false;

  function createLine(): Line {
    const line: Line = {
      vouch: null,
      client: new Client(origin, {
        // There is never a second one: for 1, undici does more after each reply, to tell those who wait for it.
        pipelining: 2,
        keepAliveTimeout: FREE_SOCKET_MS,
        keepAliveMaxTimeout: FREE_SOCKET_MS,
        // Deadlines are the forwarder's: a feed has none.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: (_, done) => {
          openUpstreamSocket(options, line.vouch).then(
            (socket) => done(null, socket),
            (error: unknown) => done(error as Error, null),
          );
        },
      }),
    };
    return line;
  }

  function takeBack(line: Line, mayReuse: boolean): void {
    if (mayReuse && !isClosed && free.length < MAX_FREE) free.push(line);
    else void line.client.destroy().catch(() => undefined);
  }

  return {
    send({ method, path, headers, body }, reply, vouch) {
      const line = free.pop() ?? createLine();
      line.vouch = vouch;
      reply.onSettled = (mayReuse) => takeBack(line, mayReuse);
      // After HEAD too the connection is kept: what undici fears, a body all the same, would end it.
      line.client.dispatch({ method, path, headers: headers as string[], body, reset: false }, reply);
    },
    close() {
      isClosed = true;
      for (const { client } of free.splice(0)) void client.destroy().catch(() => undefined);
    },
  };
}
