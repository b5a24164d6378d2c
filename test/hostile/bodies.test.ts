// Bodies: what they hold is judged whole before the upstream hears of them, however they were cut on the way.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BODIES } from './data/bodies.js';
import { assertRefused, startLab, type Lab } from '../kit/lab.js';

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab.close());

const MAX_SHOWN_CHARACTERS = 120;
const shown = (body: string): string => JSON.stringify(body).slice(0, MAX_SHOWN_CHARACTERS);

const withLength = (line: string, body: string): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** One chunk for each byte: the judge sees every cut. */
const inChunks = (line: string, body: string): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.replace(/[^]/g, '1\r\n$&\r\n')}0\r\n\r\n`;
const MAX_CHUNKED_CHARACTERS = 1000;

describe('bodies', () => {
  for (const [line, refused, status, twin, sentLine, sentBody = twin] of BODIES) {
    const forms = refused.length < MAX_CHUNKED_CHARACTERS ? [withLength, inChunks] : [withLength];
    for (const form of forms) {
      test(`${line}, ${shown(refused)}, ${form.name}: ${status}`, async () => {
        const request = form(line, lab.withTag(refused, 'ada'));
        const { result, sent } = await lab.sentDuring(() => lab.ask('ada', request));
        assertRefused(result, status);
        assert.deepEqual(sent, []);

        const permitted = await lab.sentDuring(() => lab.ask('ada', form(line, twin)));
        assert.equal(permitted.result?.status, 200);
        lab.assertSent(permitted.sent, lab.withTag(sentLine, 'ada'), 'ada', lab.withTag(sentBody, 'ada'));
      });
    }
  }
});
