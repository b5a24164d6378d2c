// Request targets that try to be read in two ways, or to reach what was not granted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ADMIN_VERBS } from './data/admin-verbs.js';
import { CASE } from './data/case.js';
import { DATABASES, DATABASES_OF_GRACE, HARMLESS_DATABASES } from './data/databases.js';
import { DESIGN_DOCUMENTS } from './data/design-documents.js';
import { ENCODINGS, HARMLESS_ENCODINGS } from './data/encodings.js';
import { BACKSLASHES, HARMLESS_PLUS, PLUS } from './data/plus-and-backslash.js';
import { HARMLESS_QUERIES, QUERY_NAMES } from './data/query-names.js';
import { REQUEST_FORMS } from './data/request-forms.js';
import { HARMLESS_SLASHES, SLASHES } from './data/slashes.js';
import { assertRefused, startLab, type Lab, type Who } from '../kit/lab.js';
import { connectRaw, parseReply } from '../kit/raw-client.js';
import type { HarmlessRow, TargetRow } from './rows.js';

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab.close());

/** Bodies that the operations take; a refused target is refused whatever its body. */
const BODIES: readonly [RegExp, string][] = [
  [/^POST .*\/_bulk_docs\b/, '{"docs":[]}'],
  [/^POST /, '{}'],
  [/^PUT \/couch\/[^/]+\/./, '{}'],
];

function requestOf(line: string, version = ' HTTP/1.1'): string {
  const body = BODIES.find(([pattern]) => pattern.test(line))?.[1];
  const framing =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `${line}${version}\r\nHost: x\r\n${framing}\r\n${body ?? ''}`;
}

async function assertPermitted(request: string, sentLine: string, who: Who): Promise<void> {
  const { result, sent } = await lab.sentDuring(() => lab.ask(who, request));
  assert.equal(result?.status, 200);
  lab.assertSent(sent, lab.withTag(sentLine, who), who);
}

function judge(
  family: string,
  rows: readonly TargetRow[],
  harmless: readonly HarmlessRow[] = [],
  who: Who = 'ada',
): void {
  describe(family, () => {
    for (const [refused, status, twin, sentLine] of rows) {
      test(`${JSON.stringify(refused)} is ${status}, and ${JSON.stringify(twin)} is let through`, async () => {
        const { result, sent } = await lab.sentDuring(() => lab.ask(who, requestOf(refused)));
        assertRefused(result, status);
        assert.deepEqual(sent, []);
        await assertPermitted(requestOf(twin), sentLine, who);
      });
    }
    for (const [request, sentLine] of harmless) {
      test(`${JSON.stringify(request)} goes up as ${JSON.stringify(sentLine)}`, () =>
        assertPermitted(requestOf(request), sentLine, who));
    }
  });
}

judge('slashes and dots', SLASHES, HARMLESS_SLASHES);
judge('percent-encodings', ENCODINGS, HARMLESS_ENCODINGS);
judge('plus', PLUS, HARMLESS_PLUS);
judge('backslash', BACKSLASHES);
judge('case', CASE);
judge('names of databases', DATABASES, HARMLESS_DATABASES);
judge("names of databases, with Grace's grant", DATABASES_OF_GRACE, [], 'grace');
judge('what administrators do', ADMIN_VERBS);
judge('design documents', DESIGN_DOCUMENTS);
judge('names in the query', QUERY_NAMES, HARMLESS_QUERIES);

describe('forms of a request', () => {
  for (const [refused, status, twin, sentLine] of REQUEST_FORMS) {
    test(`${JSON.stringify(refused)} is ${status}`, async () => {
      const { result, sent } = await lab.sentDuring(() => lab.ask('ada', requestOf(refused, '')));
      if (status === 'closed') assert.equal(result, null);
      else assertRefused(result, status);
      assert.deepEqual(sent, []);
      await assertPermitted(requestOf(twin, ''), sentLine, 'ada');
    });
  }
});

test('HTTP/2 is not spoken', async () => {
  const { gateway, tls } = lab;
  const request = requestOf('GET /couch/dmedia-0');
  const refused = connectRaw(gateway.port, { ...tls.ada, ALPNProtocols: ['h2'] });
  refused.write(request);
  assert.equal((await refused.until(() => false)).length, 0);
  const permitted = connectRaw(gateway.port, { ...tls.ada, ALPNProtocols: ['h2', 'http/1.1'] });
  permitted.write(request);
  assert.equal(parseReply(await permitted.until((bytes) => parseReply(bytes) !== null))?.status, 200);
  assert.equal(permitted.socket.alpnProtocol, 'http/1.1');
  permitted.socket.destroy();
});
