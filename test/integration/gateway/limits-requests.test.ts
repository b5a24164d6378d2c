// Limits of requests in flight, of feeds, and of what a request may ask for; and what is still done at the end.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createEnv, tlsOf } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { assertRefused, startLab, type Lab, type Who } from '../../kit/lab.js';
import { createTestPki } from '../../kit/pki.js';
import { connectRaw, get, parseReply, type RawClient } from '../../kit/raw-client.js';
import { jsonReply } from '../../kit/recording-upstream.js';
import { startStreamingUpstream } from '../../kit/streaming-upstream.js';
import { eventually } from '../../kit/until.js';

const FEED = '/couch/dmedia-0-novel/_changes?feed=continuous';
const HELD = '/couch/dmedia-0-novel/held';
const DOCUMENT = '/couch/dmedia-0-novel/doc';

suite('in flight', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ limits: { requestsPerPrincipal: 2, feedsPerPrincipal: 2, heartbeatMs: 5000 } });
    // Feeds, and what is named so, have no end.
    lab.upstream.answer = ({ target }) => (/_changes|held/.test(target) ? null : jsonReply(200, {}));
  });
  after(() => lab.close());

  /** Opens one request after the other, each of which has reached the upstream. */
  async function hold(who: Who, targets: readonly string[]): Promise<RawClient[]> {
    const clients: RawClient[] = [];
    for (const target of targets) {
      const already = lab.upstream.requests.length;
      const client = connectRaw(lab.gateway.port, lab.tls[who]);
      client.write(get(target));
      await eventually(() => lab.upstream.requests.length > already || null);
      clients.push(client);
    }
    return clients;
  }

  /** Leaves, and waits until the gateway knows. */
  async function leave(clients: readonly RawClient[]): Promise<void> {
    const gone = (): number => lab.gateway.seen.filter(({ event }) => event === 'disconnected').length;
    const already = gone();
    for (const { socket } of clients) socket.destroy();
    await lab.gateway.until(() => gone() >= already + clients.length);
  }

  async function assertTooMany(who: Who, target: string): Promise<void> {
    const { result, sent } = await lab.sentDuring(() => lab.ask(who, get(target)));
    assertRefused(result, 429);
    assert.ok(Number(result?.headers.get('retry-after')) > 0);
    assert.deepEqual(sent, []);
  }
  const assertServed = async (who: Who): Promise<void> =>
    assert.equal((await lab.ask(who, get(DOCUMENT)))?.status, 200);

  test('requestsPerPrincipal: as many, then 429; others have theirs, and so has who waits', async () => {
    const first = await hold('ada', [HELD]);
    await assertServed('ada');
    const second = await hold('ada', [HELD]);
    await assertTooMany('ada', DOCUMENT);
    await assertServed('grace');
    await leave(second);
    await assertServed('ada');
    await leave(first);
  });

  test('feedsPerPrincipal: as many, then 429; they leave requests as many as there are', async () => {
    const feeds = await hold('ada', [FEED, FEED.replace('continuous', 'longpoll')]);
    await assertTooMany('ada', FEED);
    await assertTooMany('ada', FEED.replace('continuous', 'eventsource'));
    const requests = await hold('ada', [HELD]);
    await assertServed('ada');
    const others = await hold('grace', [FEED]);
    await leave(feeds.slice(0, 1));
    const another = await hold('ada', [FEED]);
    await leave([...feeds.slice(1), ...requests, ...others, ...another]);
  });

  test('a feed of which all is sent at once is a request like any other', async () => {
    const feeds = await hold('ada', [FEED, FEED]);
    const normal = await hold('ada', [FEED.replace('continuous', 'normal')]);
    await assertServed('ada');
    await leave([...feeds, ...normal]);
  });

  test('heartbeatMs: as short, and no shorter', async () => {
    const { sent } = await lab.sentDuring(async () => {
      await leave(await hold('ada', [`${FEED}&heartbeat=5000`]));
      assertRefused(await lab.ask('ada', get(`${FEED}&heartbeat=4999`)), 400);
    });
    lab.assertSent(sent, 'GET /dmedia-0-novel/_changes?feed=continuous&heartbeat=5000', 'ada');
  });
});

suite('ids in one question, and in a minute', () => {
  const ID = '6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK';
  let lab: Lab;
  before(async () => {
    lab = await startLab({ limits: { haveIds: 3, haveIdsPerMinute: 5 } });
    lab.upstream.answer = () => jsonReply(200, { rows: [] });
  });
  after(() => lab.close());

  async function have(who: Who, count: number): Promise<number | undefined> {
    const body = JSON.stringify({ ids: Array.from({ length: count }, () => ID) });
    const head = `POST /files/have HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
    return (await lab.ask(who, head + body))?.status;
  }

  test('haveIds: as many, then 400; what is refused costs nothing', async () => {
    assert.equal(await have('ada', 4), 400);
    assert.equal(await have('ada', 3), 200);
  });

  test('haveIdsPerMinute: as many, then 429; others have theirs', async () => {
    assert.equal(await have('ada', 3), 429);
    assert.equal(await have('ada', 2), 200);
    assert.equal(await have('ada', 1), 429);
    assert.equal(await have('grace', 3), 200);
  });
});

suite('drainMs', () => {
  async function startDraining(drainMs: number) {
    const pki = createTestPki();
    const upstream = await startStreamingUpstream();
    const gateway = await startGateway(createEnv({ pki, couchUrl: upstream.url, limits: { drainMs } }));
    const tls = tlsOf(pki.ada.desktop);
    const idle = connectRaw(gateway.port, tls);
    idle.write(get('/'));
    await idle.until((bytes) => parseReply(bytes) !== null);
    const busy = connectRaw(gateway.port, tls);
    const reached = new Promise<() => void>((resolve) => {
      upstream.handle = (_, response) => resolve(() => void response.end('{"late":true}'));
    });
    busy.write(get('/couch/dmedia-0/doc'));
    const answer = await reached;
    const stopped = gateway.stop();
    // What has nothing in flight ends at once: from then on it drains.
    await idle.closed;
    return { upstream, busy, answer, stopped };
  }

  test('a request that is answered by then is answered whole', async () => {
    const { upstream, busy, answer, stopped } = await startDraining(60_000);
    answer();
    const received = await busy.until(() => false);
    assert.match(received.toString('latin1'), /^HTTP\/1\.1 200 [^]*\{"late":true\}/);
    assert.equal(await stopped, 0);
    await upstream.close();
  });

  test('one that is not is cut, with no reply', async () => {
    const { upstream, busy, stopped } = await startDraining(300);
    assert.equal(await stopped, 0);
    await busy.closed;
    assert.equal(busy.received().length, 0);
    await upstream.close();
  });
});
