// Feeds of changes: line by line as the upstream writes them, for as long as both sides like.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { tlsOf } from '../../kit/env.js';
import type { CouchGateway } from '../../kit/household.js';
import type { Peer } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import { connectRaw, get, parseReply } from '../../kit/raw-client.js';
import type { StreamingUpstream } from '../../kit/streaming-upstream.js';
import { createBulkBytes, hashStream } from './bulk-bytes.js';
import { ATTACHMENT, OCTETS, startThrough } from './through.js';

const IDLE_MS = 400;

suite('feeds through the gateway', () => {
  const pki = createTestPki();
  const ending = createEnding();
  let upstream: StreamingUpstream;
  let through: CouchGateway;
  let peer: Peer;

  before(async () => {
    ({ upstream, through, peer } = await startThrough(pki, ending, { idleMs: IDLE_MS }));
  });

  /** Opens a feed; resolves with the upstream's end of it, and the peer's, as lines. */
  async function openFeed(query: string, from: Peer = peer, opening = '') {
    const asked = new Promise<ServerResponse>((resolve) => {
      upstream.handle = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
        if (opening !== '') response.write(opening);
        resolve(response);
      };
    });
    const reply = await from.open('GET', `/couch/dmedia-0/_changes?${query}`);
    const lines = createInterface({ input: reply })[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => String((await lines.next()).value);
    return { response: await asked, reply, nextLine };
  }

  async function talk({ response, reply, nextLine }: Awaited<ReturnType<typeof openFeed>>): Promise<void> {
    for (let line = 0; line < 50; line++) {
      const text = line % 10 === 9 ? '' : `{"seq":${line}}`;
      response.write(`${text}\n`);
      assert.equal(await nextLine(), text);
    }
    response.end();
    await once(reply, 'end');
  }

  for (const feed of ['continuous', 'longpoll', 'eventsource']) {
    test(`a feed opens at once, and each line arrives before the next is written (${feed})`, async () => {
      await talk(await openFeed(`feed=${feed}&since=0`));
    });
  }

  test('_changes of which the upstream finds row after row arrives so', async () => {
    const feed = await openFeed('since=0', peer, '{"results":[\n');
    assert.equal(await feed.nextLine(), '{"results":[');
    await talk(feed);
  });

  test('a feed outlives the time that an idle connection has, with heartbeats and without a word', async (t) => {
    const withBeats = await openFeed('feed=continuous&heartbeat=1000', through.peer(pki.ada.camera));
    const withoutWord = await openFeed('feed=continuous', through.peer(pki.ada.camera));
    const beats = setInterval(() => withBeats.response.write('\n'), IDLE_MS / 4);
    t.after(() => clearInterval(beats));
    const idle = connectRaw(through.gateway.port, tlsOf(pki.ada.camera));
    idle.write(get('/couch/'));
    await idle.closed;
    assert.equal(parseReply(idle.received())?.status, 200);
    for (let beat = 0; beat < 8; beat++) assert.equal(await withBeats.nextLine(), '');
    clearInterval(beats);
    for (const { response, nextLine } of [withBeats, withoutWord]) {
      response.write('{"seq":1}\n');
      let line = '';
      while (line === '') line = await nextLine();
      assert.equal(line, '{"seq":1}');
    }
  });

  test('a feed ends upstream when the peer goes', async () => {
    const from = through.peer(pki.ada.camera);
    const { response, reply } = await openFeed('feed=continuous', from);
    const closed = once(response, 'close');
    reply.destroy();
    await closed;
  });

  test('a reload that leaves the role its database leaves all that is under way alone', async () => {
    const feed = await openFeed('feed=continuous');
    const small = createBulkBytes(8);
    const arrived = new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      upstream.handle = (request, response) => resolve([request.pause(), response]);
    });
    const upload = peer.ask('PUT', ATTACHMENT, { body: small.stream(), headers: OCTETS });
    const [request, response] = await arrived;
    await through.gateway.call('reload', {});
    feed.response.write('{"seq":1}\n');
    assert.equal(await feed.nextLine(), '{"seq":1}');
    assert.equal(await hashStream(request), small.sha256);
    response.writeHead(201).end('{}');
    assert.equal((await upload).status, 201);
    const cut = once(feed.reply, 'error');
    await through.gateway.call('reload', { policy: { roles: {}, principals: [] } });
    await cut;
  });
});
