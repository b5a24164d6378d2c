// Messages whose end could be seen in two places, and bytes that are not HTTP: the connection ends with them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FRAMING, HARMLESS_FRAMING } from './data/framing.js';
import { assertRefused, startLab, type Lab } from '../kit/lab.js';

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab.close());

const NEXT = 'GET /couch/dmedia-0/next HTTP/1.1\r\nHost: x\r\n\r\n';

describe('framing', () => {
  for (const [what, refused, status, twin, sentLine] of FRAMING) {
    test(`${what}: ${status}, and nothing after it is a request`, async () => {
      const { result, sent } = await lab.sentDuring(() => lab.ask('ada', refused + NEXT, 'closed'));
      if (status === 'closed') assert.equal(result, null);
      else assertRefused(result, status);
      assert.deepEqual(sent, []);

      const permitted = await lab.sentDuring(() => lab.ask('ada', twin));
      assert.equal(permitted.result?.status, 200);
      lab.assertSent(permitted.sent, lab.withTag(sentLine, 'ada'), 'ada');
    });
  }
});

describe('framing that is odd and plain', () => {
  for (const [what, request, sentLine, body] of HARMLESS_FRAMING) {
    test(what, async () => {
      const { result, sent } = await lab.sentDuring(() => lab.ask('ada', request));
      assert.equal(result?.status, 200);
      lab.assertSent(sent, sentLine, 'ada', body);
    });
  }
});
