// Header fields: what means something to the upstream is passed on if it is on the list, once, and nothing else is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PASSED, REFUSED_HEADERS, STRIPPED } from './data/headers.js';
import { assertRefused, startLab, type Lab } from '../kit/lab.js';

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab.close());

const BODY = '{}';

function requestOf(line: string, fields: readonly string[]): string {
  const hasBody = /^(?:PUT|POST) /.test(line);
  const own = fields.some((field) => /^\s*host/i.test(field)) ? [] : ['Host: x'];
  const framing = hasBody ? [`Content-Length: ${BODY.length}`] : [];
  return `${[`${line} HTTP/1.1`, ...own, ...fields, ...framing].join('\r\n')}\r\n\r\n${hasBody ? BODY : ''}`;
}

async function assertPermitted(line: string, fields: readonly string[], sentLine: string): Promise<void> {
  const { result, sent } = await lab.sentDuring(() => lab.ask('ada', requestOf(line, fields)));
  assert.equal(result?.status, 200);
  lab.assertSent(sent, lab.withTag(sentLine, 'ada'), 'ada');
}

describe('fields that go no further', () => {
  for (const [line, fields, sentLine] of STRIPPED)
    test(`${line}, ${JSON.stringify(fields)}`, () => assertPermitted(line, fields, sentLine));
});

describe('fields that are passed on, as they came', () => {
  for (const [name, value] of PASSED) {
    test(name, async () => {
      const request = requestOf('GET /couch/dmedia-0/doc', [`${name}: ${value}`]);
      const { sent } = await lab.sentDuring(() => lab.ask('ada', request));
      lab.assertSent(sent, 'GET /dmedia-0/doc', 'ada');
      assert.deepEqual(sent[0]?.headers.get(name.toLowerCase()), [value]);
    });
  }
});

describe('fields that are refused', () => {
  for (const [line, refused, status, twin, sentLine] of REFUSED_HEADERS) {
    test(`${line}, ${JSON.stringify(refused)} is ${status}`, async () => {
      const { result, sent } = await lab.sentDuring(() => lab.ask('ada', requestOf(line, refused)));
      assertRefused(result, status);
      assert.deepEqual(sent, []);
      // The twin of another method is that method itself.
      await assertPermitted(line.replace(/^COPY/, 'GET'), twin, sentLine);
    });
  }
});

describe('the credential of the role is the only one, of whatever kind it is', () => {
  const token = `e30.${Buffer.from('{"sub":"patchcord-own"}').toString('base64url')}.x`;
  for (const [kind, credential, expected] of [
    ['none', { none: {} }, undefined],
    ['jwt', { jwt: { token } }, [`Bearer ${token}`]],
  ] as const) {
    test(kind, async (t) => {
      const own = await startLab({ credentials: { own: credential } });
      t.after(() => own.close());
      for (const field of [
        'Authorization: Basic YWRtaW46YWRtaW4=',
        'Cookie: AuthSession=x',
        'X-Auth-CouchDB-Roles: _admin',
      ]) {
        const { sent } = await own.sentDuring(() =>
          own.ask('ada', requestOf('GET /couch/dmedia-0/doc', [field])),
        );
        assert.equal(sent.length, 1);
        assert.deepEqual(sent[0]?.headers.get('authorization'), expected);
        assert.deepEqual(
          [...(sent[0]?.headers.keys() ?? [])].filter((name) => /cookie|x-auth/.test(name)),
          [],
        );
      }
    });
  }
});
