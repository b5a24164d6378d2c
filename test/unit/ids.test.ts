import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDbase32, encodeDbase32 } from '../../dist/core/dbase32.js';
import { parseBlobId } from '../../dist/core/ids.js';

test('D-Base32 encodes as dmedia did, and back', () => {
  const bytes = new TextEncoder().encode('binary foo');
  assert.equal(encodeDbase32(bytes), 'FCNPVRELI7J9FUUI');
  assert.deepEqual(decodeDbase32('FCNPVRELI7J9FUUI'), bytes);
});

test('D-Base32 refuses lengths and characters that it does not write', () => {
  assert.throws(() => encodeDbase32(new Uint8Array(4)), RangeError);
  for (const bad of ['FCNPVREL2', 'fcnpvrel', 'FCNPVRE0', 'FCNPVREZ', 'FCNPVRE='])
    assert.equal(decodeDbase32(bad), null);
  assert.deepEqual(decodeDbase32(''), new Uint8Array(0));
});

test('a blob id is 48 characters of D-Base32 and nothing else', () => {
  const id = '6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK';
  assert.equal(parseBlobId(id), id);
  for (const bad of [
    '',
    id.slice(1),
    `${id}3`,
    id.toLowerCase(),
    `${id.slice(1)}0`,
    `${id}\n`,
    `../${id.slice(3)}`,
  ]) {
    assert.equal(parseBlobId(bad), null);
  }
});
