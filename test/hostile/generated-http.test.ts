// Generated HTTP: good requests in pieces cut at every byte, mutants of them, and pipelines in which allowed and
// refused requests stand side by side. Exactly one request goes up for each that is accepted, with the headers of the
// allow-list and one set of credentials, and the server is there after it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readAsCouchdb } from '../kit/couchdb-reading.js';
import { mutate, startFuzz, type Random } from '../kit/fuzz.js';
import { startLab, type Lab } from '../kit/lab.js';
import { connectRaw, parseReply } from '../kit/raw-client.js';
import type { Recorded } from '../kit/recording-upstream.js';

const CRLF = '\r\n';
const get = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1${CRLF}Host: x${CRLF}${more}${CRLF}`;
const withLength = (line: string, body: string): string =>
  `${line} HTTP/1.1${CRLF}Host: x${CRLF}Content-Type: application/json${CRLF}Content-Length: ${body.length}${CRLF}${CRLF}${body}`;
const inChunks = (line: string, ...pieces: readonly string[]): string =>
  `${line} HTTP/1.1${CRLF}Host: x${CRLF}Content-Type: application/json${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}` +
  [...pieces, ''].map((piece) => `${piece.length.toString(16)}${CRLF}${piece}${CRLF}`).join('');

/** Each with what the upstream must be sent for it. */
const GOOD: readonly (readonly [request: string, line: string, body: string])[] = [
  [get('/couch/dmedia-0/doc?rev=1-a', `Accept: application/json${CRLF}`), 'GET /dmedia-0/doc?rev=1-a', ''],
  [withLength('PUT /couch/dmedia-0/d', '{"a":[1,{}]}'), 'PUT /dmedia-0/d', '{"a":[1,{}]}'],
  [inChunks('PUT /couch/dmedia-0/d', '{"a":', '"b"}'), 'PUT /dmedia-0/d', '{"a":"b"}'],
  [
    withLength('POST /couch/dmedia-0/_bulk_docs', '{"docs":[{"_id":"x"}]}'),
    'POST /dmedia-0/_bulk_docs',
    '{"docs":[{"_id":"x"}]}',
  ],
  [
    inChunks('POST /couch/dmedia-0/_revs_diff', '{"x":', '["1-a"]}'),
    'POST /dmedia-0/_revs_diff',
    '{"x":["1-a"]}',
  ],
];
const REFUSED: readonly string[] = [
  get('/couch/_users/x'),
  get('/couch/dmedia-0/_security'),
  get('/couch/secret/doc'),
  withLength('POST /couch/dmedia-0/_purge', '{}'),
  get('/couch/dmedia-0').replace('GET', 'DELETE'),
  withLength('PUT /couch/dmedia-0/d', '{"a":1,"a":2}'),
];
const ALPHABET = [
  ...Array.from('abcdexyz-_.~"'),
  '\r',
  '\n',
  ' ',
  '\t',
  ':',
  '0',
  '1',
  'f',
  '/',
  '%',
  '\0',
  '\x7f',
  '\xff',
  ',',
  ';',
  CRLF,
  `${CRLF}${CRLF}`,
  `Content-Length: 3${CRLF}`,
  `Transfer-Encoding: chunked${CRLF}`,
  `Authorization: Basic YTpi${CRLF}`,
  `X-HTTP-Method-Override: DELETE${CRLF}`,
  `Host: y${CRLF}`,
];

const SPECIAL_WORDS = new Set([
  'database',
  'document',
  'attachment',
  '_all_docs',
  '_changes',
  '_bulk_docs',
  '_revs_diff',
  '_bulk_get',
  '_missing_revs',
  '_ensure_full_commit',
  'local',
  'design',
  'design attachment',
  'design _view',
  '_find',
  '_explain',
]);

/** Of every request that went up, whatever it was made from. */
function assertHarmless(lab: Lab, request: Recorded): void {
  const line = `${request.method} ${request.target}`;
  lab.assertSent([request], line, 'ada');
  const { database, operation } = readAsCouchdb(request.target);
  assert.match(database ?? '', /^dmedia-0(?:-.+)?$/, line);
  assert.ok(SPECIAL_WORDS.has(operation), line);
}

/** The statuses of all replies in `bytes`, one after the other. */
function statusesIn(bytes: Buffer): number[] {
  const statuses: number[] = [];
  for (let reply = parseReply(bytes); reply !== null; reply = parseReply(reply.rest))
    statuses.push(reply.status);
  return statuses;
}

describe('generated HTTP', () => {
  let lab: Lab;
  before(async () => void (lab = await startLab()));
  // A body that breaks off may have begun to go up.
  after(() => lab.close({ strayMayBe: /^(?:(?:PUT|POST) \/dmedia-0[^ ]* HTTP\/1\.1\r\n[\s\S]*)*$/ }));

  for (const [request, line, body] of GOOD) {
    test(`${line}: in two pieces, wherever it is cut`, async () => {
      const bytes = Buffer.from(request, 'latin1');
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.socket.setNoDelay(true);
      for (let at = 1; at < bytes.length; at++) {
        const before0 = client.received().length;
        const { sent } = await lab.sentDuring(async () => {
          // Two records of TLS, and so two reads.
          await new Promise((resolve) => client.socket.write(bytes.subarray(0, at), resolve));
          client.write(bytes.subarray(at));
          await client.until((all) => parseReply(all.subarray(before0)) !== null);
        });
        assert.equal(parseReply(client.received().subarray(before0))?.status, 200, `cut at ${at}`);
        lab.assertSent(sent, line, 'ada', body);
      }
      client.socket.destroy();
    });
  }

  test('pipelines: one goes up for each that is allowed, in their order, and none for the others', async (t) => {
    const { random, hasTime } = startFuzz(t, 3);
    while (hasTime()) {
      const parts = Array.from({ length: 2 + random.int(8) }, () =>
        random.once(3) ? { request: random.pick(REFUSED), line: null } : goodPart(random),
      );
      const text = parts.map(({ request }) => request).join('');
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.socket.setNoDelay(true);
      const { sent } = await lab.sentDuring(async () => {
        for (const piece of piecesOf(random, text)) client.write(Buffer.from(piece, 'latin1'));
        await client.until((all) => statusesIn(all).length === parts.length);
      });
      const statuses = statusesIn(client.received());
      client.socket.destroy();
      assertPipeline(parts, statuses, sent, text);
      for (const request of sent) assertHarmless(lab, request);
    }
  });

  test('mutants: what goes up was granted, once for each reply that says so', async (t) => {
    const { random, hasTime } = startFuzz(t, 5);
    let accepted = 0;
    while (hasTime() || accepted === 0) {
      const mutant = mutate(random, goodPart(random).request, ALPHABET);
      const client = connectRaw(lab.gateway.port, lab.tls.ada);
      client.socket.setNoDelay(true);
      const { sent } = await lab.sentDuring(async () => {
        client.write(Buffer.from(mutant, 'latin1'));
        // One that is not whole by now never will be.
        const more = lab.ask('ada', get('/'));
        await Promise.all([Promise.race([client.until((all) => all.length > 0), more]), more]);
      });
      const statuses = statusesIn(client.received());
      client.socket.destroy();
      const wentWell = statuses.filter((status) => status === 200).length;
      accepted += wentWell;
      if (statuses.length > 0) assert.ok(sent.length >= wentWell, JSON.stringify(mutant));
      for (const request of sent) assertHarmless(lab, request);
    }
    const alive = await lab.sentDuring(() => lab.ask('ada', get('/couch/dmedia-0/alive')));
    assert.equal(alive.result?.status, 200);
    t.diagnostic(`${accepted} mutants were good`);
  });
});

interface Part {
  readonly request: string;
  readonly line: string | null;
}

function goodPart(random: Random): Part {
  const [request, line] = random.pick(GOOD);
  return { request, line };
}

function* piecesOf(random: Random, text: string): Generator<string> {
  for (let rest = text; rest !== '';) {
    const length = 1 + random.int(random.once(3) ? 8 : text.length);
    yield rest.slice(0, length);
    rest = rest.slice(length);
  }
}

/** A refusal may end the connection, and with it what stands behind; what stands before is not touched by it. */
function assertPipeline(
  parts: readonly Part[],
  statuses: readonly number[],
  sent: readonly Recorded[],
  text: string,
): void {
  assert.ok(statuses.length > 0, text);
  const answered = parts.slice(0, statuses.length);
  answered.forEach(({ line }, index) => assert.equal(statuses[index] === 200, line !== null, text));
  const lines = sent.map(({ method, target }) => `${method} ${target}`).sort();
  assert.deepEqual(lines, answered.flatMap(({ line }) => line ?? []).sort(), text);
}
