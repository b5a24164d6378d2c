// The six known faults of http-proxy 1.18.1, which whoever forwards may have, each judged by the bytes that the upstream
// received.
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connectRaw, parseReply, type RawClient } from '../kit/raw-client.js';
import { eventually } from '../kit/until.js';
import { assertRefused, startLab, type Lab } from '../kit/lab.js';

const FEEDS = 200;
const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const SMUGGLED = 'DELETE /dmedia-0 HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n';

let lab: Lab;
before(async () => {
  const limits = { feedsPerPrincipal: FEEDS, strangersPerAddress: 64, requestsPerPrincipal: FEEDS };
  lab = await startLab({ limits });
});
after(() => lab.close());

const chunked = (method: string, target: string, body: string): string =>
  `${method} ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n` +
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

describe('1: a chunked body of DELETE or OPTIONS becomes a request of its own', () => {
  for (const method of ['DELETE', 'OPTIONS']) {
    test(`${method} with one is refused, and nothing goes up`, async () => {
      const { result, sent } = await lab.sentDuring(() =>
        lab.ask('ada', chunked(method, '/couch/dmedia-0/doc?rev=1-a', SMUGGLED), 'closed'),
      );
      assertRefused(result, 400);
      assert.deepEqual(sent, []);
      assert.equal(lab.upstream.stray(), '');
    });
  }

  test('DELETE without one goes up alone, and the next request after it', async () => {
    const { sent } = await lab.sentDuring(async () => {
      await lab.ask('ada', 'DELETE /couch/dmedia-0/doc?rev=1-a HTTP/1.1\r\nHost: x\r\n\r\n');
      await lab.ask('ada', 'GET /couch/dmedia-0/next HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    lab.assertSent(sent.slice(0, 1), 'DELETE /dmedia-0/doc?rev=1-a', 'ada', '');
    lab.assertSent(sent.slice(1), 'GET /dmedia-0/next', 'ada', '');
  });

  test('a body where there may be one stays a body', async () => {
    const attachment = chunked('PUT', '/couch/dmedia-0/doc/att', SMUGGLED);
    const { sent } = await lab.sentDuring(() => lab.ask('ada', attachment));
    lab.assertSent(sent, 'PUT /dmedia-0/doc/att', 'ada', SMUGGLED);
  });
});

describe('2: with Expect, headers are passed on that should have been taken away', () => {
  const head = (fields: string): string =>
    `PUT /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: 2\r\n\r\n`;
  const ROLES = 'X-Auth-CouchDB-UserName: admin\r\nX-Auth-CouchDB-Roles: _admin\r\n';

  test('the gateway answers 100, and none of it goes up', async () => {
    const { sent } = await lab.sentDuring(async () => {
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.write(head(`Expect: 100-continue\r\n${ROLES}`));
      const early = await client.until((bytes) => bytes.length > 0);
      assert.equal(early.toString('latin1'), 'HTTP/1.1 100 Continue\r\n\r\n');
      assert.deepEqual(lab.upstream.stray(), '');
      client.write('{}');
      assert.equal(parseReply(await client.until((bytes) => parseReply(bytes) !== null))?.status, 200);
      client.socket.destroy();
    });
    lab.assertSent(sent, 'PUT /dmedia-0/doc', 'ada', '{}');
  });

  test('any other expectation is 417', async () => {
    const { result, sent } = await lab.sentDuring(() =>
      lab.ask('ada', head(`Expect: 101\r\n${ROLES}`), 'closed'),
    );
    assertRefused(result, 417);
    assert.deepEqual(sent, []);
  });

  test('what is denied is not asked for its body', async () => {
    const { result, sent } = await lab.sentDuring(() =>
      lab.ask('ada', head('Expect: 100-continue\r\n').replace('dmedia-0', '_users')),
    );
    assertRefused(result, 403);
    assert.deepEqual(sent, []);
  });
});

test('3: hop-by-hop fields, those that Connection names, and X-Forwarded-Host are passed on', async () => {
  const fields = [
    'Connection: keep-alive, X-Auth-CouchDB-Roles, X-Secret',
    'X-Auth-CouchDB-Roles: _admin',
    'X-Secret: x',
    'X-Forwarded-Host: vhost.example',
    'X-Forwarded-For: 127.0.0.1',
    'Keep-Alive: timeout=9',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic YWRtaW46YWRtaW4=',
    'TE: trailers',
    'Trailer: X',
    'Accept: a/b',
  ].join('\r\n');
  const { sent } = await lab.sentDuring(() =>
    lab.ask('ada', `GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: vhost.example\r\n${fields}\r\n\r\n`),
  );
  lab.assertSent(sent, 'GET /dmedia-0/doc', 'ada');
  const names = [...(sent[0]?.headers.keys() ?? [])].sort();
  assert.deepEqual(names, ['accept', 'authorization', 'connection', 'host']);
});

describe('4: the target is written anew on the way', () => {
  for (const target of [
    '/couch\\dmedia-0',
    '//couch/dmedia-0',
    '/couch//dmedia-0',
    'http://x/couch/dmedia-0',
  ]) {
    test(`${target} does not go up in any form`, async () => {
      const { result, sent } = await lab.sentDuring(() =>
        lab.ask('ada', `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
      assertRefused(result, 400);
      assert.deepEqual(sent, []);
    });
  }

  for (const [target, sentTarget] of [
    ['/couch/dmedia-0/a%5Cb', '/dmedia-0/a%5Cb'],
    ['/couch/dmedia-0/a%2F%2Fb', '/dmedia-0/a%2F%2Fb'],
    ['/couch/dmedia-0/http:/x', '/dmedia-0/http%3A/x'],
    ['/couch/dmedia-0/https:/x?rev=a//b', '/dmedia-0/https%3A/x?rev=a%2F%2Fb'],
    ['/couch/dmedia-0/doc?rev=%3F//%3F', '/dmedia-0/doc?rev=%3F%2F%2F%3F'],
  ]) {
    test(`${target} goes up as ${sentTarget}`, async () => {
      const { sent } = await lab.sentDuring(() =>
        lab.ask('ada', `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
      lab.assertSent(sent, `GET ${sentTarget}`, 'ada');
    });
  }
});

describe('5: connections to the upstream outlive the peers for whom they were made', () => {
  const FEED = 'GET /couch/dmedia-0/_changes?feed=continuous HTTP/1.1\r\nHost: x\r\n\r\n';
  const DOCUMENT = 'GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\r\n\r\n';

  /** Opens what `open` opens, leaves, and waits until the upstream has no more connections than before. */
  async function abandon(
    reply: string | null,
    open: () => readonly RawClient[],
    requests: number,
  ): Promise<void> {
    lab.upstream.answer = () => reply;
    const before = lab.upstream.sockets.size;
    const { sent } = await lab.sentDuring(async () => {
      const already = lab.upstream.requests.length;
      const clients = open();
      await eventually(() => lab.upstream.requests.length >= already + requests || null);
      for (const { socket } of clients) socket.destroy();
      await eventually(() => lab.upstream.sockets.size <= before || null);
    });
    assert.equal(sent.length, requests);
    lab.upstream.answer = () => OK;
  }

  const times = (count: number, text: string): RawClient[] =>
    Array.from({ length: count }, () => {
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.write(text);
      return client;
    });
  /** As many at once as may be strangers; each of these asks for several things. */
  const CLIENTS = 40;

  test(`${FEEDS} feeds that flow`, () =>
    abandon(STREAM, () => times(CLIENTS, FEED.repeat(FEEDS / CLIENTS)), FEEDS));
  test(`${FEEDS} feeds that are silent`, () =>
    abandon(null, () => times(CLIENTS, FEED.repeat(FEEDS / CLIENTS)), FEEDS));
  test('requests that wait for their reply', () => abandon(null, () => times(CLIENTS, DOCUMENT), CLIENTS));
  test('requests that wait for the one before them', () =>
    abandon(null, () => times(1, DOCUMENT.repeat(CLIENTS)), CLIENTS));

  test('all that was counted for them is free again', async () => {
    lab.upstream.answer = () => STREAM;
    await abandon(null, () => times(CLIENTS, FEED.repeat(FEEDS / CLIENTS)), FEEDS);
    const { sent } = await lab.sentDuring(() => lab.ask('ada', DOCUMENT));
    lab.assertSent(sent, 'GET /dmedia-0/doc', 'ada');
  });

  for (const target of ['/couch/dmedia-0-x/doc', '/couch/dmedia-0-x/_changes?feed=continuous']) {
    test(`peers that left before it was known that they may be served (${target})`, async (t) => {
      // It takes its time with the question whether the credential administers the database.
      const asked: ServerResponse[] = [];
      const served: string[] = [];
      const server = createServer(({ url = '' }, response) => {
        if (url.endsWith('/_security')) return void asked.push(response);
        if (url !== '/_session') served.push(url);
        response.end(JSON.stringify({ userCtx: { name: 'patchcord-own', roles: [] } }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const slow = await startLab({
        couchUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      });
      t.after(async () => {
        await slow.close();
        server.closeAllConnections();
        server.close();
      });
      const gone = connectRaw(slow.gateway.port, slow.tls.ada);
      gone.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const question = await eventually(() => asked[0] ?? null);
      gone.socket.destroy();
      await slow.gateway.until(({ event }) => event === 'disconnected');
      const twin = slow.ask('ada', 'GET /couch/dmedia-0-x/twin HTTP/1.1\r\nHost: x\r\n\r\n');
      const another = await eventually(() => asked[1] ?? null);
      question.end('{}');
      another.end('{}');
      assert.equal((await twin)?.status, 200);
      assert.deepEqual(served, ['/dmedia-0-x/twin']);
    });
  }
});

test('6: it uses what is deprecated, and Node says so on stderr', () => {
  assert.deepEqual(
    lab.gateway.logs.filter((line) => line.includes('DEP0060')),
    [],
  );
});
