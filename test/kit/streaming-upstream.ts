// An upstream that a test plays itself, reply by reply and byte by byte; only the gateway's questions about its
// credentials are answered here.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface StreamingUpstream {
  readonly url: string;
  /** Answers all requests from here on. */
  handle: Handler;
  close(): Promise<void>;
}

export async function startStreamingUpstream(): Promise<StreamingUpstream> {
  const server = createServer((request, response) => {
    const answer = answerTo(request);
    if (answer === null) upstream.handle(request, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: StreamingUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    handle: (_, response) => void response.writeHead(404).end(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}

function answerTo({ url, headers }: IncomingMessage): object | null {
  if (url === '/') return { couchdb: 'Welcome', version: '3.5.0' };
  if (url?.endsWith('/_security') === true) return {};
  if (url !== '/_session') return null;
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const [name = null] = Buffer.from(basic, 'base64').toString().split(':');
  return { ok: true, userCtx: { name, roles: [] } };
}
