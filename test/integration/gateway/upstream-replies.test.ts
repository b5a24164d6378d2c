// An upstream that does not answer as it should: the peer gets a plain status, or its connection is cut, and it never
// takes a part for the whole. What an upstream says of itself goes no further.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { assertRefused, startLab, type Lab } from '../../kit/lab.js';
import { connectRaw, get, parseReply } from '../../kit/raw-client.js';
import { jsonReply } from '../../kit/recording-upstream.js';

const DOCUMENT = '/couch/dmedia-0/doc';
const ATTACHMENT = '/couch/dmedia-0/doc/movie.mov';
const LOCAL = '/couch/dmedia-0/_local/x';
const FEED = '/couch/dmedia-0/_changes?feed=continuous';
const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n';

suite('replies that are none', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab()));
  after(() => lab.close());

  const answerWith = (reply: string): void => {
    lab.upstream.answer = () => Buffer.from(reply, 'latin1');
  };

  for (const [what, reply] of [
    ['no HTTP', 'garbage\r\n\r\n'],
    ['TLS', '\x15\x03\x01\x00\x02\x02\x28'],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 abc\r\nContent-Length: 2\r\n\r\n{}'],
    ['a status below 100', 'HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\n{}'],
    ['a status above 599', 'HTTP/1.1 600 X\r\nContent-Length: 2\r\n\r\n{}'],
    ['a status of four digits', 'HTTP/1.1 1000 X\r\nContent-Length: 2\r\n\r\n{}'],
    ['no length', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} '],
    [
      'a length and a coding',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a field that is none', 'HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n{}'],
    ['a field with a NUL', 'HTTP/1.1 200 OK\r\nETag: a\x00b\r\nContent-Length: 2\r\n\r\n{}'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
  ] as const) {
    for (const target of [DOCUMENT, LOCAL, FEED]) {
      test(`${what}: 502 (${target})`, async () => {
        answerWith(reply);
        assertRefused(await lab.ask('ada', get(target)), 502);
        answerWith(jsonReply(200, { ok: true }));
        assert.equal((await lab.ask('ada', get(target)))?.status, 200);
      });
    }
  }

  for (const how of ['end', 'resetAndDestroy'] as const) {
    for (const target of [DOCUMENT, LOCAL, FEED]) {
      test(`none at all, by ${how}: 502 (${target})`, async () => {
        lab.upstream.answer = () => {
          for (const socket of lab.upstream.sockets) socket[how]();
          return null;
        };
        assertRefused(await lab.ask('ada', get(target)), 502);
        answerWith(jsonReply(200, { ok: true }));
        assert.equal((await lab.ask('ada', get(target)))?.status, 200);
      });
    }
  }

  for (const [what, reply] of [
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]'],
    ['no object', jsonReply(200, ['x'])],
    ['too large', jsonReply(200, { x: 'x'.repeat(70 * 1024) })],
    ['broken off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\nxyz'],
  ] as const) {
    test(`a local document that is ${what}: 502`, async () => {
      answerWith(reply);
      assertRefused(await lab.ask('ada', get(LOCAL)), 502);
    });
  }

  test('a second reply to one request is nobody’s', async () => {
    answerWith(`${jsonReply(200, { first: true })}${jsonReply(200, { second: true })}`);
    assert.equal((await lab.ask('ada', get(DOCUMENT)))?.body.toString(), '{"first":true}');
    answerWith(jsonReply(200, { third: true }));
    assert.equal(
      (await lab.ask('grace', get('/couch/dmedia-0-novel/doc')))?.body.toString(),
      '{"third":true}',
    );
  });
});

suite('replies that break off', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab()));
  after(() => lab.close());

  /** Whether a client would take `bytes` for a reply that is whole. */
  function looksWhole(bytes: Buffer): boolean {
    const text = bytes.toString('latin1');
    if (/^transfer-encoding: chunked\r$/im.test(text)) return text.endsWith('0\r\n\r\n');
    return bytes.length > 0 && parseReply(bytes) !== null;
  }

  const PART = 'x'.repeat(1000);
  for (const [what, begun] of [
    ['with a length', `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${PART}`],
    ['in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${PART}\r\n`],
    ['in the middle of a chunk', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n${PART}`],
  ] as const) {
    for (const how of ['end', 'resetAndDestroy'] as const) {
      for (const target of [DOCUMENT, ATTACHMENT, FEED]) {
        test(`${what}, by ${how}: the connection is cut (${target})`, async () => {
          lab.upstream.answer = () => begun;
          const client = connectRaw(lab.gateway.port, lab.tls.ada);
          client.write(get(target));
          await client.until((bytes) => bytes.includes(PART));
          for (const socket of lab.upstream.sockets) socket[how]();
          const received = await client.until(() => false);
          assert.ok(received.includes(PART));
          assert.equal(looksWhole(received), false);
        });
      }
    }
  }

  test('by a chunk that is none: the connection is cut', async () => {
    lab.upstream.answer = () => `${STREAM}xyz\r\n`;
    const client = connectRaw(lab.gateway.port, lab.tls.ada);
    client.write(get(DOCUMENT));
    assert.equal(looksWhole(await client.until(() => false)), false);
  });

  test('one that is whole is whole', async () => {
    for (const reply of [jsonReply(200, {}), `${STREAM}0\r\n\r\n`]) {
      lab.upstream.answer = () => reply;
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.write(get(DOCUMENT));
      assert.ok(looksWhole(await client.until(looksWhole)));
      client.socket.destroy();
    }
  });
});

suite('what of a reply goes out', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab()));
  after(() => lab.close());

  const KEPT = {
    'accept-ranges': 'bytes',
    'cache-control': 'must-revalidate',
    'content-encoding': 'gzip',
    'content-md5': 'x',
    'content-range': 'bytes 0-1/2',
    'content-type': 'text/html',
    etag: '"1-a"',
  };
  const DROPPED = {
    'set-cookie': 'AuthSession=x',
    'www-authenticate': 'Basic realm="x"',
    'proxy-authenticate': 'Basic',
    server: 'CouchDB/3.5.0',
    location: 'http://127.0.0.1:5984/dmedia-0/doc',
    'x-couch-request-id': 'x',
    'x-couchdb-body-time': '0',
    'x-couch-update-newrev': '1-a',
    'access-control-allow-origin': '*',
    'content-security-policy': "script-src 'unsafe-inline'",
    'content-disposition': 'inline',
    'alt-svc': 'h2=":443"',
    upgrade: 'h2c',
    trailer: 'x',
    link: '</x>; rel=preload',
    refresh: '0; url=http://evil.example/',
    'strict-transport-security': 'max-age=1',
    vary: 'x',
    via: '1.1 x',
    warning: '199 x',
  };
  /** Set by the gateway. */
  const OWN = ['connection', 'content-length', 'date', 'keep-alive', 'x-content-type-options'];
  const ATTACHMENT_ONLY = { 'content-disposition': 'attachment', 'content-security-policy': 'sandbox' };

  const replyWith = (status: number): string => {
    const fields = Object.entries({ ...KEPT, ...DROPPED }).map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 ${status} X\r\n${fields.join('')}Content-Length: 2\r\n\r\n{}`;
  };

  async function headersOf(request: string): Promise<ReadonlyMap<string, string>> {
    lab.upstream.answer = ({ method }) => (method === 'HEAD' ? replyWith(200).slice(0, -2) : replyWith(200));
    const reply = await lab.ask('ada', request);
    assert.ok(reply);
    for (const [name, value] of Object.entries(KEPT)) assert.equal(reply.headers.get(name), value);
    assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
    return reply.headers;
  }

  test('of a document: what is on the list, and nothing else', async () => {
    const names = [...(await headersOf(get(DOCUMENT))).keys()].sort();
    assert.deepEqual(names, [...Object.keys(KEPT), ...OWN].sort());
  });

  for (const target of [ATTACHMENT, '/couch/dmedia-0/doc/a/b', '/couch/dmedia-0/_design/x/index.html']) {
    test(`of an attachment: no browser may run it (${target})`, async () => {
      for (const request of [get(target), get(target).replace('GET', 'HEAD')]) {
        const headers = await headersOf(request);
        for (const [name, value] of Object.entries(ATTACHMENT_ONLY)) assert.equal(headers.get(name), value);
        assert.deepEqual(
          [...headers.keys()].sort(),
          [...Object.keys(KEPT), ...OWN, ...Object.keys(ATTACHMENT_ONLY)].sort(),
        );
      }
    });
  }

  for (const status of [
    200, 201, 202, 206, 301, 302, 304, 400, 403, 404, 405, 406, 409, 412, 413, 415, 416, 417, 500, 503,
  ]) {
    test(`the status ${status} goes out as it is`, async () => {
      lab.upstream.answer = () => (status === 304 ? replyWith(304).slice(0, -2) : replyWith(status));
      const reply = await lab.ask('ada', get(DOCUMENT));
      assert.equal(reply?.status, status);
      for (const name of Object.keys(DROPPED)) assert.equal(reply.headers.get(name), undefined);
    });
  }
});
