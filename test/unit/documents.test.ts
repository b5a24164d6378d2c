import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBodyJudge, type DocumentsAt } from '../../dist/core/couch/documents.js';
import { Refusal, type RefusalCode } from '../../dist/core/errors.js';

/** The ids that the judge saw, or the code that it refused with. */
function judge(documents: DocumentsAt, body: string | Uint8Array): (string | null)[] | RefusalCode {
  const ids: (string | null)[] = [];
  const judging = createBodyJudge(documents, (id) => void ids.push(id));
  try {
    // Byte by byte: what the judge says may not depend on how a body was cut.
    for (const byte of typeof body === 'string' ? Buffer.from(body) : body)
      judging.write(Uint8Array.of(byte));
    judging.end();
    return ids;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
}

describe('documents in a body', () => {
  const cases: readonly [string, DocumentsAt, string, (string | null)[] | RefusalCode][] = [
    ['one document', 'root', '{"_id":"a","x":{"_id":"not this"}}', ['a']],
    ['one without an id', 'root', '{"x":1}', [null]],
    ['many', 'docs', '{"docs":[{"_id":"a"},{},{"_id":"b","_id2":1}]}', ['a', null, 'b']],
    ['none', 'docs', '{"docs":[]}', []],
    [
      'other keys around',
      'docs',
      '{"x":{"docs":[{"_id":"no"}]},"new_edits":false,"docs":[{"_id":"a"}]}',
      ['a'],
    ],
    ['an escaped key and id', 'docs', '{"d\\u006fcs":[{"\\u005fid":"\\u005fdesign/x"}]}', ['_design/x']],
    ['an id below', 'docs', '{"docs":[{"a":[{"_id":"no"}],"_id":"yes"}]}', ['yes']],
    ['docs twice', 'docs', '{"docs":[],"docs":[{"_id":"_design/x"}]}', 'body-json'],
    ['docs twice, once escaped', 'docs', '{"docs":[],"d\\u006fcs":[]}', 'body-json'],
    ['an id twice', 'docs', '{"docs":[{"_id":"a","_id":"_design/x"}]}', 'body-json'],
    ['an id twice in one document', 'root', '{"_id":"a","_id":"b"}', 'body-json'],
    ['the same key in two documents', 'docs', '{"docs":[{"a":1},{"a":1}]}', [null, null]],
    ['an id that is no text', 'docs', '{"docs":[{"_id":["_design/x"]}]}', 'body-shape'],
    ['a document that is none', 'docs', '{"docs":[[{"_id":"_design/x"}]]}', 'body-shape'],
    ['docs that is no list', 'docs', '{"docs":{"a":{"_id":"_design/x"}}}', 'body-shape'],
    ['no docs at all', 'docs', '{}', 'body-shape'],
    ['a list', 'root', '[{"_id":"a"}]', 'body-shape'],
    ['a text', 'nowhere', '"x"', 'body-shape'],
    ['no JSON', 'root', '{"_id":"a"', 'body-json'],
    ['something after it', 'root', '{} {}', 'body-json'],
    ['a byte order mark', 'root', '\ufeff{}', 'body-json'],
  ];
  for (const [name, documents, body, expected] of cases) {
    test(name, () => assert.deepEqual(judge(documents, body), expected));
  }

  test('bytes that are not UTF-8', () => {
    const bytes = (...middle: number[]): Uint8Array =>
      Buffer.concat([Buffer.from('{"a":"'), Uint8Array.from(middle), Buffer.from('"}')]);
    assert.deepEqual(judge('root', bytes(0xc3, 0xa9)), [null]);
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xc3]])
      assert.equal(judge('root', bytes(...bad)), 'body-json');
  });

  test('256 levels, and no more', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    assert.deepEqual(judge('root', nested(256)), [null]);
    assert.equal(judge('root', nested(257)), 'body-json');
  });
});
