import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal, type RefusalCode } from '../../dist/core/errors.js';
import { encodeSegment, formatTarget, parseTarget } from '../../dist/core/target.js';

const refusedWith = (code: RefusalCode) => (error: unknown) =>
  error instanceof Refusal && error.code === code;

describe('parseTarget', () => {
  const accepted: readonly [string, readonly string[], boolean][] = [
    ['/', [], false],
    ['/db', ['db'], false],
    ['/db/', ['db'], true],
    ['/db/a%2Fb', ['db', 'a/b'], false],
    ['/db/_design/x', ['db', '_design', 'x'], false],
    ['/db/caf%C3%A9', ['db', 'café'], false],
    ['/db/a%2Bb', ['db', 'a+b'], false],
    ['/db/...', ['db', '...'], false],
    ['/db/a%20b%3Fc%23d', ['db', 'a b?c#d'], false],
    ['/db/__proto__', ['db', '__proto__'], false],
  ];
  for (const [raw, segments, trailingSlash] of accepted) {
    test(`accepts ${raw}`, () => assert.deepEqual(parseTarget(raw), { segments, trailingSlash, query: [] }));
  }

  const refused: readonly [string, RefusalCode][] = [
    ['', 'target-form'],
    ['*', 'target-form'],
    ['db', 'target-form'],
    ['http://host/db', 'target-form'],
    ['/db#x', 'target-bytes'],
    ['/d b', 'target-bytes'],
    ['/db\\_design', 'target-bytes'],
    ['/caf\u00e9', 'target-bytes'],
    ['/db\u007f', 'target-bytes'],
    ['//db', 'target-slashes'],
    ['/db//x', 'target-slashes'],
    ['/db/x//', 'target-slashes'],
    ['/db/a+b', 'target-escape'],
    ['/db/%', 'target-escape'],
    ['/db/%2', 'target-escape'],
    ['/db/%zz', 'target-escape'],
    ['/db/%C0%AF', 'target-escape'],
    ['/db/%ED%A0%80', 'target-escape'],
    ['/db/%FF', 'target-escape'],
    ['/db/.', 'target-segment'],
    ['/db/..', 'target-segment'],
    ['/db/%2e%2E', 'target-segment'],
    ['/db/a%00b', 'target-segment'],
    ['/%5Fusers', 'target-segment'],
    ['/db/_design%2Fx', 'target-segment'],
    ['/db?a=1?b=2', 'target-query'],
    ['/db?a=1;b=2', 'target-query'],
    ['/db?a=1&&b=2', 'target-query'],
    ['/db?=1', 'target-query'],
    ['/db?a=%FF', 'target-escape'],
  ];
  for (const [raw, code] of refused) {
    test(`refuses ${JSON.stringify(raw)}`, () => assert.throws(() => parseTarget(raw), refusedWith(code)));
  }

  test('reads a query as names and values, with "+" as a space', () => {
    assert.deepEqual(parseTarget('/db?since=0&include_docs=true&key=%22a+b%2Bc%22&flag').query, [
      { name: 'since', value: '0' },
      { name: 'include_docs', value: 'true' },
      { name: 'key', value: '"a b+c"' },
      { name: 'flag', value: '' },
    ]);
    assert.deepEqual(parseTarget('/db?').query, []);
  });
});

test('formatTarget writes what parseTarget reads', () => {
  const segments = ['db', 'a/b', '_design', "it's (so) *!", 'caf\u00e9', 'a+b', '100%', '?#;&='];
  const query = [{ name: 'key', value: '"a b+c;d&e=\u00e9"' }];
  assert.deepEqual(parseTarget(formatTarget(segments, query)), { segments, trailingSlash: false, query });
});

test('encodeSegment leaves only unreserved characters as they are', () => {
  const all = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join('');
  const literal = encodeSegment(all).replace(/%[0-9A-F]{2}/g, '');
  assert.equal(literal, '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~');
});
