// Streams that end before their time: whoever goes, the other side hears of it at once, nobody takes a part for the
// whole, and the gateway keeps nothing.
import assert from 'node:assert/strict';
import { once, type EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import type { CouchGateway } from '../../kit/household.js';
import type { Peer } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import type { StreamingUpstream } from '../../kit/streaming-upstream.js';
import { createBulkBytes } from './bulk-bytes.js';
import { ATTACHMENT, OCTETS, startThrough } from './through.js';

/** Far more than fits into the buffers on the way. */
const LARGE = createBulkBytes(64);

const framingOf = (headers: object): string => Object.keys(headers)[0] ?? 'chunked';

/** However it ends, with an error before or without. */
const untilClosed = (stream: EventEmitter): Promise<void> =>
  new Promise((resolve) => void stream.once('close', resolve));

suite('streams that end before their time', () => {
  const pki = createTestPki();
  const ending = createEnding();
  let upstream: StreamingUpstream;
  let through: CouchGateway;
  let peer: Peer;

  before(async () => {
    ({ upstream, through, peer } = await startThrough(pki, ending));
  });

  /** The next request that reaches the upstream. */
  const arrival = (): Promise<[IncomingMessage, ServerResponse]> =>
    new Promise((resolve) => {
      upstream.handle = (request, response) => resolve([request.on('error', () => undefined), response]);
    });

  /** Everything that was asked has been answered or ended: the gateway counts nothing in flight any more. */
  async function assertNothingInFlight(): Promise<void> {
    upstream.handle = (_, response) => response.end('{}');
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => through.peer(pki.ada.desktop).ask('GET', '/couch/dmedia-0')),
    );
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  }

  function upload(headers: Record<string, string> = {}) {
    const sent = httpsRequest({
      host: '::1',
      port: peer.port,
      agent: peer.agent,
      method: 'PUT',
      path: ATTACHMENT,
      headers: { ...OCTETS, ...headers },
    });
    // A connection that is cut is one of the ways in which an upload may end.
    const ended = new Promise<IncomingMessage | null>((resolve) => {
      sent.once('response', resolve).on('error', () => resolve(null));
    });
    return { sent, ended };
  }

  test('an upstream that refuses an upload before it has it is heard, and the connection does not hang', async () => {
    const arrived = arrival();
    const { sent, ended } = upload({ 'content-length': String(LARGE.length) });
    const closed = untilClosed(sent);
    LARGE.stream().pipe(sent);
    const [request, response] = await arrived;
    await once(request, 'readable');
    response.writeHead(409, { 'content-type': 'application/json' }).end('{"error":"conflict"}');
    const reply = await ended;
    assert.equal(reply?.statusCode, 409);
    assert.equal((await buffer(reply)).toString(), '{"error":"conflict"}');
    await closed;
    await assertNothingInFlight();
  });

  for (const length of [{ 'content-length': String(LARGE.length) }, {}]) {
    test(`an upstream that goes in the middle of an upload ends it (${framingOf(length)})`, async () => {
      const arrived = arrival();
      const { sent, ended } = upload(length);
      LARGE.stream().pipe(sent);
      const [request] = await arrived;
      request.socket.destroy();
      const reply = await ended;
      if (reply !== null) assert.equal(reply.statusCode, 502);
      sent.destroy();
      await assertNothingInFlight();
    });
  }

  test('a peer that goes in the middle of an upload ends it upstream', async () => {
    const arrived = arrival();
    const { sent } = upload();
    sent.write(Buffer.alloc(1000));
    const [request] = await arrived;
    const gone = untilClosed(request);
    sent.destroy();
    await gone;
    assert.equal(request.complete, false);
    await assertNothingInFlight();
  });

  test('a peer that goes before there is a reply ends its request upstream', async () => {
    const arrived = arrival();
    const sent = httpsRequest({ host: '::1', port: peer.port, agent: peer.agent, path: ATTACHMENT });
    sent.on('error', () => undefined).end();
    const [request] = await arrived;
    const gone = untilClosed(request.socket);
    sent.destroy();
    await gone;
    await assertNothingInFlight();
  });

  test('a peer that goes in the middle of a download ends it upstream', async () => {
    const arrived = arrival();
    const opened = peer.open('GET', ATTACHMENT);
    const [, response] = await arrived;
    const gone = untilClosed(response);
    LARGE.stream().pipe(response.writeHead(200, OCTETS));
    const reply = await opened;
    await once(reply, 'readable');
    reply.destroy();
    await gone;
    await assertNothingInFlight();
  });

  for (const length of [{ 'content-length': String(LARGE.length) }, {}]) {
    test(`a download that the upstream cuts is cut for the peer (${framingOf(length)})`, async () => {
      const arrived = arrival();
      const opened = peer.open('GET', ATTACHMENT);
      const [, response] = await arrived;
      response.writeHead(200, { ...OCTETS, ...length }).write(Buffer.alloc(100_000));
      const reply = await opened;
      await once(reply, 'readable');
      response.destroy();
      await assert.rejects(buffer(reply), { code: 'ECONNRESET' });
      await assertNothingInFlight();
    });
  }

  test('none of it is worth a line in the log', () => {
    assert.deepEqual(through.gateway.logs, []);
  });
});
