import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { expectNoBody } from '../../../dist/adapters/http/request-form.js';

interface Seen {
  readonly method: string | undefined;
  readonly ended: boolean;
  readonly events: string[];
  body: string;
}

/** A server that says of each request what came of its body, for GET as if it had none. */
async function startServer(t: TestContext): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    if (request.method === 'GET') expectNoBody(request);
    const one: Seen = { method: request.method, ended: request.readableEnded, events: [], body: '' };
    seen.push(one);
    for (const event of ['end', 'close', 'error']) request.on(event, () => one.events.push(event));
    request.on('data', (bytes: Buffer) => (one.body += bytes.toString()));
    const reply = (): void => void response.end('ok');
    if (request.method === 'GET') reply();
    else request.once('end', reply);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, seen };
}

test('a request without a body has ended from the start, and the next on its connection is whole', async (t) => {
  const { port, seen } = await startServer(t);
  const socket = connect(port, '127.0.0.1');
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const post = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
  const last = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  socket.write(get + get + post + last);
  let replies = '';
  for await (const bytes of socket) replies += String(bytes);
  assert.equal(replies.match(/HTTP\/1\.1 200 /g)?.length, 4);
  assert.deepEqual(
    seen.map(({ method, ended, body }) => [method, ended, body]),
    [
      ['GET', true, ''],
      ['GET', true, ''],
      ['POST', false, 'hello'],
      ['GET', true, ''],
    ],
  );
  assert.deepEqual(
    seen.filter(({ method }) => method === 'GET').map(({ events }) => events),
    [[], [], []],
  );
  assert.ok(seen[2]?.events.includes('end'));
});
