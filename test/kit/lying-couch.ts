// A CouchDB of a peer that means ill: in front of a real one, it ignores the selector that leaves out design documents, and
// slips documents that nobody asked for into what is pulled. Everything else goes through as it is.
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestUpstream } from './upstreams.js';

export interface Lies {
  /** Come with whatever documents are asked for. */
  slipped: readonly object[];
  /** A request for this document is answered without an end. */
  readonly endless: string;
}

export async function startLyingCouch(upstream: TestUpstream, lies: Lies): Promise<TestUpstream> {
  const server = createServer((request, response) => void answer(request, response, upstream, lies));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...upstream,
    url: `http://127.0.0.1:${port}/`,
    port,
    async close() {
      server.closeAllConnections();
      server.close();
      await upstream.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: TestUpstream,
  lies: Lies,
): Promise<void> {
  const body = await readAll(request);
  const path = request.url ?? '';
  const isBulk = path.includes('/_bulk_get');
  if (isBulk && body.includes(lies.endless)) {
    pour(response);
    return;
  }
  const isSelected = path.includes('/_changes') && path.includes('filter=_selector');
  const onward = send({
    host: '127.0.0.1',
    port: upstream.port,
    method: request.method,
    path: isSelected ? withoutFilter(path) : path,
    headers: { ...request.headers, ...(isSelected && { 'content-length': '2' }), connection: 'close' },
  });
  onward.end(isSelected ? '{}' : body);
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  const [reply] = (await once(onward, 'response').catch(() => [])) as [IncomingMessage?];
  if (reply === undefined) return;
  if (isBulk && reply.headers['content-type']?.includes('json') === true)
    slip(response, await readAll(reply), lies);
  else {
    response.writeHead(reply.statusCode ?? 500, reply.headers);
    reply.pipe(response);
  }
}

function withoutFilter(path: string): string {
  const url = new URL(path, 'http://localhost');
  url.searchParams.delete('filter');
  return url.pathname + url.search;
}

function slip(response: ServerResponse, text: Buffer, { slipped }: Lies): void {
  const { results } = JSON.parse(text.toString()) as { results: object[] };
  const more = slipped.map((doc) => ({ id: (doc as { _id: string })._id, docs: [{ ok: doc }] }));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ results: [...results, ...more] }));
}

/** For as long as somebody reads. */
function pour(response: ServerResponse): void {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"results":[{"id":"');
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

async function readAll(from: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of from) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
