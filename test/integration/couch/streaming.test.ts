// What streams through the gateway streams: attachments in both directions in constant memory, at the pace of the
// slower side; multipart byte for byte.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import type { CouchGateway } from '../../kit/household.js';
import { watchMemory } from '../../kit/memory.js';
import { readReply, type Peer } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import type { StreamingUpstream } from '../../kit/streaming-upstream.js';
import { createBulkBytes, hashStream } from './bulk-bytes.js';
import { ATTACHMENT, OCTETS, startThrough } from './through.js';

const MIB = 1024 * 1024;
const LARGE = createBulkBytes(300);
const MAX_GROWTH_BYTES = 60 * MIB;
/** More than all buffers on the way hold together: sockets', TLS's, and the gateway's own. */
const MAX_ON_THE_WAY_BYTES = 64 * MIB;

suite('streaming through the gateway', () => {
  const pki = createTestPki();
  const ending = createEnding();
  let upstream: StreamingUpstream;
  let through: CouchGateway;
  let peer: Peer;

  before(async () => {
    ({ upstream, through, peer } = await startThrough(pki, ending));
    await warmUp();
  });

  /** So that what is measured afterwards is streams, and no longer modules and first connections. */
  async function warmUp(): Promise<void> {
    const small = createBulkBytes(16);
    upstream.handle = (_, response) => void small.stream().pipe(response);
    await hashStream(await peer.open('GET', ATTACHMENT));
    upstream.handle = (request, response) => request.resume().on('end', () => response.end());
    await peer.ask('PUT', ATTACHMENT, { body: small.stream(), headers: OCTETS });
  }

  /** Asks the gateway this and that until nothing moves any more; resolves with what `moved` says then. */
  async function untilStill(moved: () => number): Promise<number> {
    for (let still = 0, before = -1; still < 20;) {
      await peer.ask('GET', '/couch/');
      const now = moved();
      still = now === before && now > 0 ? still + 1 : 0;
      before = now;
    }
    return moved();
  }

  test('an attachment goes out in constant memory', async () => {
    upstream.handle = (_, response) => {
      response.writeHead(200, { ...OCTETS, 'content-length': LARGE.length });
      LARGE.stream().pipe(response);
    };
    const memory = watchMemory(through.gateway.pid);
    const reply = await peer.open('GET', ATTACHMENT);
    assert.equal(reply.headers['content-length'], String(LARGE.length));
    assert.equal(await hashStream(reply), LARGE.sha256);
    assert.ok(memory.growth() < MAX_GROWTH_BYTES, `${memory.growth()}`);
  });

  for (const framing of [{ 'content-length': String(LARGE.length) }, { 'transfer-encoding': 'chunked' }]) {
    test(`an attachment comes in in constant memory (${Object.keys(framing)[0] ?? ''})`, async () => {
      const received = new Promise<string>((resolve) => {
        upstream.handle = (request, response) => {
          assert.equal(request.headers['content-length'], framing['content-length']);
          resolve(hashStream(request).finally(() => response.writeHead(201).end('{}')));
        };
      });
      const memory = watchMemory(through.gateway.pid);
      const headers = { ...OCTETS, ...framing };
      const reply = await peer.ask('PUT', ATTACHMENT, { body: LARGE.stream(), headers });
      assert.equal(reply.status, 201);
      assert.equal(await received, LARGE.sha256);
      assert.ok(memory.growth() < MAX_GROWTH_BYTES, `${memory.growth()}`);
    });
  }

  test('a slow reader slows the upstream down, and gets everything', async () => {
    let sent = 0;
    upstream.handle = (_, response) => {
      response.writeHead(200, { ...OCTETS, 'content-length': LARGE.length });
      LARGE.stream()
        .on('data', (piece: Buffer) => void (sent += piece.length))
        .pipe(response);
    };
    const memory = watchMemory(through.gateway.pid);
    const reply = await peer.open('GET', ATTACHMENT);
    assert.ok((await untilStill(() => sent)) < MAX_ON_THE_WAY_BYTES, `${sent}`);
    assert.ok(memory.growth() < MAX_GROWTH_BYTES, `${memory.growth()}`);
    assert.equal(await hashStream(reply), LARGE.sha256);
  });

  test('a slow upstream slows the sender down, and gets everything', async () => {
    const arrived = new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      upstream.handle = (request, response) => resolve([request.pause(), response]);
    });
    let sent = 0;
    const body = LARGE.stream().on('data', (piece: Buffer) => void (sent += piece.length));
    const memory = watchMemory(through.gateway.pid);
    const reply = peer.ask('PUT', ATTACHMENT, { body, headers: OCTETS });
    const [request, response] = await arrived;
    assert.ok((await untilStill(() => sent)) < MAX_ON_THE_WAY_BYTES, `${sent}`);
    assert.ok(memory.growth() < MAX_GROWTH_BYTES, `${memory.growth()}`);
    assert.equal(await hashStream(request), LARGE.sha256);
    response.writeHead(201).end('{}');
    assert.equal((await reply).status, 201);
  });

  test('multipart goes up and comes down byte for byte', async () => {
    const boundary = 'a b+c/d=e?"';
    const document =
      '{"_id":"doc","tags":{"__proto__":1},"_attachments":{"x":{"follows":true,"length":300000}}}';
    const body = Buffer.concat([
      Buffer.from(
        `--${boundary}\r\ncontent-type: application/json\r\n\r\n${document}\r\n--${boundary}\r\n\r\n`,
      ),
      await buffer(createBulkBytes(1).stream()),
      Buffer.from(`\r\n--${boundary}--epilogue`),
    ]);
    for (const kind of ['related', 'mixed']) {
      const type = `multipart/${kind}; boundary="a b+c/d=e?\\""`;
      const seen = new Promise<{ request: IncomingMessage; bytes: Buffer }>((resolve) => {
        upstream.handle = (request, response) => {
          void readReply(request).then(({ body: bytes }) => {
            resolve({ request, bytes });
            response.writeHead(201, { 'content-type': type }).end(body);
          });
        };
      });
      const reply =
        kind === 'related'
          ? await peer.ask('PUT', '/couch/dmedia-0/doc?new_edits=false', {
              body,
              headers: { 'content-type': type },
            })
          : await peer.ask('GET', '/couch/dmedia-0/doc?open_revs=all', { headers: { accept: type } });
      const { request, bytes } = await seen;
      assert.equal(request.headers[kind === 'related' ? 'content-type' : 'accept'], type);
      if (kind === 'related') assert.deepEqual(bytes, body);
      assert.equal(reply.headers['content-type'], type);
      assert.deepEqual(reply.body, body);
    }
  });
});
