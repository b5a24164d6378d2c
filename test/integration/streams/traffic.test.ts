// What goes through a peer stream: documents, attachments, feeds and blobs, between two real gateways.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { BlobId } from '../../../dist/core/ids.js';
import { startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { startStreamingUpstream, type StreamingUpstream } from '../../kit/streaming-upstream.js';
import {
  atLoopback,
  authorization,
  peerEnv,
  startStreams,
  streamsEnv,
  type StreamsClient,
} from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';
import { anyId, hashOf, pattern, put } from '../files/temp-store.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const at = (path: string): string => `/peers/${desktop}${path}`;
const json = (response: http.ServerResponse, value: unknown): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const folder = mkdtempSync(join(tmpdir(), 'patchcord-store-'));
const blob = pattern(3 * 1024 * 1024 + 17);
let id: BlobId;
let upstream: StreamingUpstream;
let peer: TestGateway;
let streams: StreamsClient;
before(async () => {
  mkdirSync(join(folder, '.dmedia/files'), { recursive: true });
  ({ id } = hashOf(blob));
  put(folder, id, blob);
  upstream = await startStreamingUpstream();
  peer = await startGateway(peerEnv({ pki, couchUrl: upstream.url, stores: [folder] }));
  streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }));
});
after(async () => {
  assert.equal(await streams.stop(), 0);
  assert.equal(await peer.stop(), 0);
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

interface StatusOfPeer {
  readonly deviceId: string;
  readonly requests: number;
  readonly feeds: number;
  readonly queued: number;
  readonly links: readonly { readonly connections: number }[];
}

async function statusOfPeer(): Promise<StatusOfPeer> {
  const { peers } = (await streams.gateway.call('status')) as { peers: readonly StatusOfPeer[] };
  const found = peers.find(({ deviceId }) => deviceId === desktop);
  assert.ok(found);
  return found;
}

describe('a peer stream', () => {
  test('answers with what the peer says of itself, and what it says of errors', async () => {
    const info = (await streams.ask('GET', at('/'))).json() as { deviceId: string; name: string };
    assert.equal(info.deviceId, desktop);
    assert.equal(info.name, "Ada's desktop");
    assert.equal((await streams.ask('GET', at('/couch/dmedia-0/_security'))).status, 403);
    assert.equal((await streams.ask('PUT', at('/files/x'))).status, 405);
    assert.deepEqual((await streams.ask('GET', at('/revocations'))).json(), { revocations: [] });
  });

  test('carries requests as they are meant, and neither token nor cookie to anyone', async () => {
    const seen: { url: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] = [];
    upstream.handle = (request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        seen.push({ url: request.url, headers: request.headers, body });
        json(response, { ok: true });
      });
    };
    const headers = { cookie: 'AuthSession=x', 'x-auth-couchdb-roles': '_admin', 'if-match': '"1-x"' };
    const path = at('/couch/dmedia-0/a%2Fb%20c%2B?rev=1-%C3%A4');
    assert.equal((await streams.ask('PUT', path, { body: { name: 'ü' }, headers })).status, 200);
    const [put0] = seen;
    assert.equal(put0?.url, '/dmedia-0/a%2Fb%20c%2B?rev=1-%C3%A4');
    assert.equal(put0.body, '{"name":"ü"}');
    assert.equal(put0.headers['if-match'], '"1-x"');
    assert.equal(put0.headers.cookie, undefined);
    assert.equal(put0.headers['x-auth-couchdb-roles'], undefined);
    assert.ok(!JSON.stringify(seen).includes(authorization().split(' ')[1] ?? ''));
  });

  test('streams large attachments both ways', async () => {
    const sent = pattern(8 * 1024 * 1024 + 3);
    let received = Buffer.alloc(0);
    upstream.handle = (request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': sent.length });
        return void response.end(sent);
      }
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        received = Buffer.concat(pieces);
        json(response, { ok: true });
      });
    };
    const headers = { 'content-type': 'image/png' };
    const written = await streams.ask('PUT', at('/couch/dmedia-0/doc/large.png'), { headers, body: sent });
    assert.equal(written.status, 200);
    assert.ok(received.equals(sent));
    const read = await streams.ask('GET', at('/couch/dmedia-0/doc/large.png'));
    assert.ok(read.body.equals(sent));
    assert.equal(read.headers['content-length'], String(sent.length));
    assert.equal(read.headers['content-disposition'], 'attachment');
  });

  test('a reply without a length is whole, and the next one on its connection too', async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => ({ id: `document-${index}` }));
    upstream.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let from = 0; from < rows.length; from += 1000)
        response.write(
          `${from === 0 ? '[' : ','}${JSON.stringify(rows.slice(from, from + 1000)).slice(1, -1)}`,
        );
      response.end(']');
    };
    for (let times = 0; times < 3; times++) {
      const reply = await streams.ask('GET', at('/couch/dmedia-0/_all_docs'));
      assert.deepEqual(reply.json(), rows);
    }
  });

  test('hands a feed on line by line, while it is open', async () => {
    let feed: http.ServerResponse | null = null;
    upstream.handle = (_, response) => {
      feed = response;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
    };
    const reply = await streams.open('GET', at('/couch/dmedia-0/_changes?feed=continuous&heartbeat=1000'));
    assert.equal(reply.statusCode, 200);
    for (const text of ['{"seq":1}\n', '\n', '{"seq":2}\n']) {
      const piece = once(reply, 'data');
      (feed as http.ServerResponse | null)?.write(text);
      assert.equal(String((await piece)[0]), text);
    }
    assert.equal((await statusOfPeer()).feeds, 1);
    // Who goes away is gone at the far end too.
    const gone = once(feed as unknown as http.ServerResponse, 'close');
    reply.destroy();
    await gone;
    await eventually(async () => ((await statusOfPeer()).feeds === 0 ? true : null));
  });

  test('brings a blob whole and by ranges', async () => {
    const whole = await streams.ask('GET', at(`/files/${id}`));
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.etag, `"${id}"`);
    assert.ok(whole.body.equals(blob));
    const part = await streams.ask('GET', at(`/files/${id}`), { headers: { range: 'bytes=1000-2000000' } });
    assert.equal(part.status, 206);
    assert.equal(part.headers['content-range'], `bytes 1000-2000000/${blob.length}`);
    assert.ok(part.body.equals(blob.subarray(1000, 2_000_001)));
    assert.equal(
      (await streams.ask('HEAD', at(`/files/${id}`))).headers['content-length'],
      String(blob.length),
    );
    const notModified = await streams.ask('GET', at(`/files/${id}`), {
      headers: { 'if-none-match': `"${id}"` },
    });
    assert.equal(notModified.status, 304);
    const beyond = await streams.ask('GET', at(`/files/${id}`), { headers: { range: 'bytes=9999999-' } });
    assert.equal(beyond.status, 416);
    const have = await streams.ask('POST', at('/files/have'), { body: { ids: [id] } });
    assert.deepEqual(have.json(), { have: [id] });
  });

  test('a program that stops reading holds the upstream back, and no memory fills', async () => {
    let written = 0;
    const piece = Buffer.alloc(1024 * 1024);
    upstream.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const more = (): void => {
        while (!response.destroyed && written < 512 * 1024 * 1024) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    };
    const reply = await streams.open('GET', at('/couch/dmedia-0/doc/endless.bin'));
    reply.pause();
    let last = -1;
    await eventually(async () => {
      const before0 = last;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return before0 === written ? true : null;
    });
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes`);
    reply.destroy();
  });

  test('has 32 requests in flight; the 33rd waits for its turn, a feed does not', async () => {
    const held: http.ServerResponse[] = [];
    upstream.handle = (request, response) => {
      if (request.url?.includes('_changes') === true) {
        json(response, { results: [] });
        return;
      }
      held.push(response);
    };
    const asked = Array.from({ length: 33 }, (_, index) =>
      streams.ask('GET', at(`/couch/dmedia-0/doc-${index}`)),
    );
    await eventually(() => (held.length >= 32 ? true : null));
    const status = await eventually(async () => {
      const now = await statusOfPeer();
      return now.queued === 1 ? now : null;
    });
    assert.equal(status.requests, 32);
    assert.equal(held.length, 32);
    assert.equal((await streams.ask('GET', at('/couch/dmedia-0/_changes?feed=longpoll'))).status, 200);
    assert.equal(held.length, 32);
    json(held[0] as http.ServerResponse, {});
    await eventually(() => (held.length === 33 ? true : null));
    for (const response of held.slice(1)) json(response, {});
    for (const { status: code } of await Promise.all(asked)) assert.equal(code, 200);
    assert.equal((await statusOfPeer()).requests, 0);
  });

  test('the queue is bounded in number and in time', async (t) => {
    const limits = { peerRequests: 1, peerQueued: 1, peerQueueMs: 60_000 };
    const addresses = { [desktop]: [atLoopback(peer.port)] };
    const narrow = await startStreams(streamsEnv(pki, addresses, {}, { limits }));
    t.after(() => narrow.stop());
    const held: http.ServerResponse[] = [];
    upstream.handle = (_, response) => void held.push(response);
    const first = narrow.ask('GET', at('/couch/dmedia-0/first'));
    await eventually(() => (held.length === 1 ? true : null));
    const second = narrow.ask('GET', at('/couch/dmedia-0/second'));
    await eventually(async () => {
      const { peers } = (await narrow.gateway.call('status')) as { peers: readonly StatusOfPeer[] };
      return peers[0]?.queued === 1 ? true : null;
    });
    const third = await narrow.ask('GET', at('/couch/dmedia-0/third'));
    assert.equal(third.status, 503);
    assert.ok(Number(third.headers['retry-after']) >= 1);
    json(held[0] as http.ServerResponse, {});
    assert.equal((await first).status, 200);
    await eventually(() => (held.length === 2 ? true : null));
    await narrow.gateway.call('reload', { limits: { ...limits, peerQueueMs: 50 } });
    assert.equal((await narrow.ask('GET', at('/couch/dmedia-0/fourth'))).status, 503);
    json(held[1] as http.ServerResponse, {});
    assert.equal((await second).status, 200);
  });

  test('peerFeeds: as many, and one more waits for its turn; a request does not', async (t) => {
    const limits = { peerFeeds: 1, peerQueueMs: 60_000 };
    const addresses = { [desktop]: [atLoopback(peer.port)] };
    const narrow = await startStreams(streamsEnv(pki, addresses, {}, { limits }));
    t.after(() => narrow.stop());
    upstream.handle = (request, response) => {
      if (request.url?.includes('_changes') !== true) {
        json(response, {});
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
    };
    const path = at('/couch/dmedia-0/_changes?feed=continuous&heartbeat=1000');
    const first = await narrow.open('GET', path);
    const second = narrow.open('GET', path);
    assert.equal((await narrow.ask('GET', at('/couch/dmedia-0/doc'))).status, 200);
    first.destroy();
    const next = await second;
    assert.equal(next.statusCode, 200);
    await narrow.gateway.call('reload', { limits: { ...limits, peerQueueMs: 50 } });
    assert.equal((await narrow.ask('GET', path)).status, 503);
    next.destroy();
  });

  test('peerBlobStallMs: a blob of which nothing comes for so long ends; one that goes on in time is whole', async (t) => {
    const bytes = 64 * 1024 * 1024;
    const large = anyId('large');
    truncateSync(put(folder, large, Buffer.alloc(0)), bytes);
    const stalling = await startGateway(peerEnv({ pki, couchUrl: upstream.url, stores: [folder] }));
    const addresses = { [desktop]: [atLoopback(stalling.port)] };
    const limits = { peerBlobStallMs: 60_000, peerDialMs: 200 };
    const narrow = await startStreams(streamsEnv(pki, addresses, {}, { limits }));
    t.after(async () => {
      await narrow.stop();
      await stalling.stop();
    });
    /** Bytes that come of one that hangs after its beginning, until `isOver`. */
    const fetchStalled = async (isOver: Promise<unknown>): Promise<number> => {
      const reply = await narrow.open('GET', at(`/files/${large}`));
      process.kill(stalling.pid, 'SIGSTOP');
      let received = 0;
      reply.on('data', (piece: Buffer) => (received += piece.length)).on('error', () => undefined);
      const closed = once(reply, 'close').catch(() => undefined);
      await Promise.race([isOver, closed]);
      process.kill(stalling.pid, 'SIGCONT');
      await closed;
      return received;
    };
    const moment = new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await fetchStalled(moment), bytes);
    await narrow.gateway.call('reload', { limits: { ...limits, peerBlobStallMs: 200 } });
    assert.ok((await fetchStalled(new Promise(() => undefined))) < bytes);
  });

  test('a body that the peer refuses early is answered, and the next request works', async () => {
    const body = Buffer.alloc(9 * 1024 * 1024, ' ');
    const headers = { 'content-type': 'application/json' };
    const refused = await streams.ask('POST', at('/couch/dmedia-0/_all_docs'), { headers, body });
    assert.equal(refused.status, 413);
    assert.equal((await streams.ask('GET', at('/'))).status, 200);
  });
});
