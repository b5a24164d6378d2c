// An upstream that a test plays itself, reply by reply and byte by byte; only the gateway's questions about its
// credentials are answered here, as the test says.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface StreamingUpstream {
  readonly url: string;
  readonly port: number;
  /** Answers all requests from here on. */
  handle: Handler;
  /** Who the sender of an Authorization header is; null for a 401. */
  whoIs: (authorization: string | undefined) => User | null;
  close(): Promise<void>;
}

export interface User {
  readonly name: string | null;
  readonly roles: readonly string[];
}

/** On a port of its choice, or on the given one. */
export async function startStreamingUpstream(port = 0): Promise<StreamingUpstream> {
  const server = createServer((request, response) => {
    const answer = answerTo(request);
    if (answer === null) upstream.handle(request, response);
    else sendJson(response, answer.status, answer.body);
  });

  function answerTo({ url, headers }: IncomingMessage): { status: number; body: object } | null {
    if (url === '/') return { status: 200, body: { couchdb: 'Welcome', version: '3.5.0' } };
    if (url?.endsWith('/_security') === true) return { status: 200, body: {} };
    if (url !== '/_session') return null;
    const userCtx = upstream.whoIs(headers.authorization);
    return userCtx === null
      ? { status: 401, body: { error: 'unauthorized' } }
      : { status: 200, body: { ok: true, userCtx } };
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: listening } = server.address() as AddressInfo;
  const upstream: StreamingUpstream = {
    url: `http://127.0.0.1:${listening}/`,
    port: listening,
    handle: (_, response) => sendJson(response, 200, {}),
    whoIs: userOfBasic,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Whoever they say they are. */
function userOfBasic(authorization: string | undefined): User {
  const basic = /^Basic (.+)$/.exec(authorization ?? '')?.[1] ?? '';
  const [name = null] = Buffer.from(basic, 'base64').toString().split(':');
  return { name, roles: [] };
}
