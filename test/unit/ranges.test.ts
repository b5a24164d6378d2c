import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBlobId } from '../../dist/core/ids.js';
import { etagOf, ifNoneMatchNames, ifRangeHolds, parseRange } from '../../dist/core/ranges.js';

const SIZE = 1000;
const WHOLE = { kind: 'whole' };
const UNSATISFIABLE = { kind: 'unsatisfiable' };
const part = (start: number, end: number): object => ({ kind: 'part', start, end });

const id = parseBlobId('6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK') ?? assert.fail();
const other = parseBlobId('GJDVCPR3JPBFABMGP6PDUBOVQIXX5YLF9PG49SSDJVQEKLOR') ?? assert.fail();

const RANGES: readonly (readonly [string, object])[] = [
  ['bytes=0-0', part(0, 0)],
  ['bytes=0-999', part(0, 999)],
  ['bytes=0-', part(0, 999)],
  ['bytes=500-599', part(500, 599)],
  ['bytes=999-', part(999, 999)],
  ['BYTES=1-2', part(1, 2)],
  ['bytes=007-008', part(7, 8)],
  ['bytes=0-1000', part(0, 999)],
  ['bytes=-1', part(999, 999)],
  ['bytes=-1000', part(0, 999)],
  ['bytes=-1001', part(0, 999)],
  ['bytes=0-9007199254740993', part(0, 999)],
  [`bytes=0-${'9'.repeat(400)}`, part(0, 999)],
  [`bytes=-${'9'.repeat(400)}`, part(0, 999)],
  ['bytes=1000-', UNSATISFIABLE],
  ['bytes=1000-1000', UNSATISFIABLE],
  ['bytes=9007199254740993-', UNSATISFIABLE],
  [`bytes=${'9'.repeat(400)}-`, UNSATISFIABLE],
  ['bytes=-0', UNSATISFIABLE],
  ['bytes=-000', UNSATISFIABLE],
  ['bytes=2-1', WHOLE],
  ['bytes=1001-1000', WHOLE],
  ['bytes=0-0,2-3', WHOLE],
  ['bytes=0-0,', WHOLE],
  ['bytes=,0-0', WHOLE],
  ['bytes=-', WHOLE],
  ['bytes=', WHOLE],
  ['bytes', WHOLE],
  ['', WHOLE],
  ['lines=0-1', WHOLE],
  ['bytes=0x1-2', WHOLE],
  ['bytes=+1-2', WHOLE],
  ['bytes=1.5-2', WHOLE],
  ['bytes=--1', WHOLE],
  ['bytes=1e2-', WHOLE],
  ['bytes=0-1\n', WHOLE],
  ['bytes=0 - 1', WHOLE],
  ['bytes=\u0661-', WHOLE],
];

for (const [header, expected] of RANGES) {
  test(`Range: ${header.slice(0, 40)} of ${SIZE} bytes`, () => {
    assert.deepEqual(parseRange(header, SIZE), expected);
  });
}

test('no Range is the whole blob', () => {
  assert.deepEqual(parseRange(undefined, SIZE), WHOLE);
});

test('ranges of the largest and the smallest blob are exact', () => {
  const largest = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(parseRange(`bytes=${largest - 1}-`, largest), part(largest - 1, largest - 1));
  assert.deepEqual(parseRange(`bytes=${largest}-`, largest), UNSATISFIABLE);
  assert.deepEqual(parseRange('bytes=0-', 1), part(0, 0));
  assert.deepEqual(parseRange('bytes=1-', 1), UNSATISFIABLE);
});

test('If-Range holds for the strong tag of the blob, and for nothing else', () => {
  assert.equal(ifRangeHolds(undefined, id), true);
  assert.equal(ifRangeHolds(etagOf(id), id), true);
  for (const header of [
    '',
    '*',
    id,
    `W/${etagOf(id)}`,
    etagOf(other),
    `${etagOf(other)}, ${etagOf(id)}`,
    'Wed, 21 Oct 2015 07:28:00 GMT',
  ])
    assert.equal(ifRangeHolds(header, id), false, header);
});

test('If-None-Match names the blob: alone, weak, in a list, or as any', () => {
  for (const header of [
    '*',
    ' * ',
    etagOf(id),
    ` ${etagOf(id)}\t`,
    `W/${etagOf(id)}`,
    `${etagOf(other)},${etagOf(id)}`,
    `"a,b" , W/"", W/${etagOf(id)},`,
    `${etagOf(id)}, ${etagOf(other)}`,
  ])
    assert.equal(ifNoneMatchNames(header, id), true, header);
});

test('If-None-Match names nothing: other tags, and whatever is malformed', () => {
  for (const header of [
    undefined,
    '',
    ' ',
    etagOf(other),
    id,
    `w/${etagOf(id)}`,
    `W/ ${etagOf(id)}`,
    `"${etagOf(id)}`,
    `${etagOf(id)} ${etagOf(other)}`,
    `${etagOf(id)}, *`,
    `${etagOf(id)}, x`,
    `"a, ${etagOf(id)}`,
    '"'.repeat(20_000),
  ])
    assert.equal(ifNoneMatchNames(header, id), false, header?.slice(0, 100));
});
