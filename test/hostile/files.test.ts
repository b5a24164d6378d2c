// Names of blobs that are none, by a role to which blobs are given only where a document names them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertRefused, startLab, type Lab } from '../kit/lab.js';
import { jsonReply } from '../kit/recording-upstream.js';
import { FILES, HAVE_BODIES } from './data/files.js';

let lab: Lab;
before(async () => {
  lab = await startLab();
  lab.upstream.answer = () => jsonReply(200, { rows: [] });
});
after(() => lab.close());

const PREFIX = '6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58';
const DIGITS = '3456789A';
let count = 0;
/** An id that nobody asked for before: what the upstream said of one is kept for a while. */
const newId = (): string => {
  count += 1;
  return PREFIX + [512, 64, 8, 1].map((place) => DIGITS.charAt(Math.floor(count / place) % 8)).join('');
};

const have = (body: string): string =>
  `POST /files/have HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function judge(
  refused: string,
  status: number,
  twin: string,
  id: string,
  twinStatus: number,
): Promise<void> {
  const { result, sent } = await lab.sentDuring(() => lab.ask('grace', refused));
  assertRefused(result, status);
  assert.deepEqual(sent, []);
  const permitted = await lab.sentDuring(() => lab.ask('grace', twin));
  assert.equal(permitted.result?.status, twinStatus);
  assert.deepEqual(
    permitted.sent.map(({ method, target, body }) => `${method} ${target} ${body.toString()}`),
    [`POST /dmedia-0-novel/_all_docs {"keys":["${id}"]}`],
  );
}

describe('paths', () => {
  for (const [refused, status, twin] of FILES) {
    test(`${JSON.stringify(refused)} is ${status}`, () => {
      const id = newId();
      const requestOf = (line: string): string => `${line.replace('{id}', id)} HTTP/1.1\r\nHost: x\r\n\r\n`;
      return judge(requestOf(refused), status, requestOf(twin), id, 404);
    });
  }
});

describe('lists of ids', () => {
  for (const [refused, status, twin] of HAVE_BODIES) {
    test(`${refused} is ${status}`, () => {
      const id = newId();
      return judge(have(refused.replace('{id}', id)), status, have(twin.replace('{id}', id)), id, 200);
    });
  }
});
