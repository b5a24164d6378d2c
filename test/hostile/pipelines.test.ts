// Requests that come in one piece, and requests whose peer leaves before their end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connectRaw, parseReply } from '../kit/raw-client.js';
import { eventually } from '../kit/until.js';
import { PIPELINES, type Pipeline } from './data/pipelines.js';
import { startLab, type Lab } from '../kit/lab.js';

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab.close());

/** The statuses of all replies in `bytes` to requests that begin as `requests` do. */
function statusesIn(bytes: Buffer, requests: readonly string[]): number[] {
  const statuses: number[] = [];
  let rest = bytes;
  for (const request of requests) {
    const reply = parseReply(rest, request.slice(0, request.indexOf(' ')));
    if (reply === null) break;
    statuses.push(reply.status);
    rest = reply.rest;
  }
  return statuses;
}

async function run({ requests, statuses }: Pipeline): Promise<number[]> {
  const client = connectRaw(lab.gateway.port, lab.tls.ada);
  client.write(Buffer.from(requests.join(''), 'latin1'));
  const endsEarly = statuses.length < requests.length;
  const received = await client.until(
    (bytes) => !endsEarly && statusesIn(bytes, requests).length === statuses.length,
  );
  client.socket.destroy();
  return statusesIn(received, requests);
}

describe('several requests in one piece', () => {
  for (const pipeline of PIPELINES) {
    test(pipeline.what, async () => {
      const { result, sent } = await lab.sentDuring(() => run(pipeline));
      assert.deepEqual(result, pipeline.statuses);
      assert.deepEqual(
        sent.map(({ method, target }) => `${method} ${target}`).sort(),
        [...pipeline.sent].sort(),
      );
    });
  }

  test('what is no HTTP cuts a request that is under way, and is not answered in its place', async () => {
    const { upstream } = lab;
    const answered = upstream.answer;
    upstream.answer = () => null;
    const client = connectRaw(lab.gateway.port, lab.tls.ada);
    const { sent } = await lab.sentDuring(async () => {
      const already = upstream.requests.length;
      client.write('GET /couch/dmedia-0/a HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(() => upstream.requests.length > already || null);
      client.write('no HTTP\r\n\r\n');
      assert.equal((await client.until(() => false)).length, 0);
    });
    lab.assertSent(sent, 'GET /dmedia-0/a', 'ada');
    upstream.answer = answered;
  });
});

const PUT = 'PUT /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\r\n';
const BULK = 'POST /couch/dmedia-0/_bulk_docs HTTP/1.1\r\nHost: x\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n';

/** What came before the peer left; no part of it may reach the upstream. */
const UNFINISHED: readonly (readonly [what: string, bytes: string])[] = [
  ['nothing', ''],
  ['half of a request line', 'GET /couch/dmedia-0'],
  ['a request line', 'GET /couch/dmedia-0 HTTP/1.1\r\n'],
  ['half of a field', 'GET /couch/dmedia-0 HTTP/1.1\r\nHost: x\r\nAcc'],
  ['fields without their end', 'GET /couch/dmedia-0 HTTP/1.1\r\nHost: x\r\n'],
  ['half of the end of the fields', 'GET /couch/dmedia-0 HTTP/1.1\r\nHost: x\r\n\r'],
  ['no body', `${PUT}Content-Length: 2\r\n\r\n`],
  ['half of a body', `${PUT}Content-Length: 2\r\n\r\n{`],
  ['a body that is whole, but shorter than it said', `${PUT}Content-Length: 3\r\n\r\n{}`],
  ['documents, but fewer than it said', `${BULK}Content-Length: 100\r\n\r\n{"docs":[]}`],
  ['no chunk', `${PUT}${CHUNKED}`],
  ['half of a chunk', `${PUT}${CHUNKED}2\r\n{`],
  ['a body without the last chunk', `${PUT}${CHUNKED}2\r\n{}\r\n`],
  ['half of the last chunk', `${PUT}${CHUNKED}2\r\n{}\r\n0\r\n`],
  ['a body without the end of its trailer', `${PUT}${CHUNKED}2\r\n{}\r\n0\r\nX: y\r\n`],
  ['a body that waits', `${PUT}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`],
];

describe('a peer that leaves before the end of its request', () => {
  const disconnects = (): number => lab.gateway.seen.filter(({ event }) => event === 'disconnected').length;

  for (const [what, bytes] of UNFINISHED) {
    for (const leave of ['end', 'destroy'] as const) {
      test(`after ${what}, by ${leave}`, async () => {
        const { sent } = await lab.sentDuring(async () => {
          const client = connectRaw(lab.gateway.port, lab.tls.ada);
          const already = disconnects();
          await lab.ask('ada', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
          await new Promise((resolve) => client.socket.write(bytes, resolve));
          client.socket[leave]();
          await lab.gateway.until(() => disconnects() >= already + 2);
          return lab.ask('ada', 'GET /couch/dmedia-0/twin HTTP/1.1\r\nHost: x\r\n\r\n');
        });
        lab.assertSent(sent, 'GET /dmedia-0/twin', 'ada');
      });
    }
  }
});

const WHOLE: readonly string[] = [
  'GET /couch/dmedia-0/a HTTP/1.1\r\nHost: x\r\n\r\n',
  `${PUT}Content-Length: 2\r\n\r\n{}`,
  `${PUT}${CHUNKED}2\r\n{}\r\n0\r\n\r\n`,
];

describe('a request that comes in small pieces', () => {
  for (const size of [1, 2, 3]) {
    for (const request of WHOLE) {
      test(`of ${size} bytes: ${JSON.stringify(request)}`, async () => {
        const { result, sent } = await lab.sentDuring(async () => {
          const client = connectRaw(lab.gateway.port, lab.tls.ada);
          client.socket.setNoDelay(true);
          for (let at = 0; at < request.length; at += size) {
            const piece = request.slice(at, at + size);
            await new Promise((resolve) => client.socket.write(piece, resolve));
          }
          const received = await client.until((bytes) => parseReply(bytes) !== null);
          client.socket.destroy();
          return parseReply(received)?.status;
        });
        assert.equal(result, 200);
        assert.equal(sent.length, 1);
      });
    }
  }
});
