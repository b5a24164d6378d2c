import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSkein, createSkeinPair, type ReadMessage } from '../../dist/core/skein/skein.js';
import { slowSkein } from './slow-skein.js';

const NONE = new Uint8Array(0);
const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => 255 - (index % 251));

// Skein 1.3, appendix C: Skein-512-512.
const OFFICIAL: readonly (readonly [Uint8Array, string])[] = [
  [
    Uint8Array.of(0xff),
    '71b7bce6fe6452227b9ced6014249e5bf9a9754c3ad618ccc4e0aae16b316cc8' +
      'ca698d864307ed3e80b6ef1570812ac5272dc409b5a012df2a579102f340617a',
  ],
  [
    Uint8Array.from({ length: 64 }, (_, index) => 0xff - index),
    '45863ba3be0c4dfc27e75d358496f4ac9a736a505d9313b42b2f5eada79fc17f' +
      '63861e947afb1d056aa199575ad3f8c9a3cc1780b5e5fa4cae050e989876625b',
  ],
];

test('the slow Skein gives the official digests', () => {
  for (const [message, digest] of OFFICIAL) {
    assert.equal(slowSkein(512, NONE, NONE, message).toString('hex'), digest);
  }
});

function compare(key: Uint8Array, personalization: Uint8Array, message: Uint8Array): void {
  const skein = createSkein();
  skein.start(key, personalization);
  skein.update(message);
  const expected = slowSkein(240, key, personalization, message);
  assert.deepEqual(Buffer.from(skein.finish()), expected, `message of ${message.length} bytes`);
}

test('the fast Skein equals the slow one around the ends of blocks', () => {
  for (const length of [0, 1, 7, 8, 63, 64, 65, 127, 128, 129, 640]) {
    compare(pattern(1), pattern(41), pattern(length));
  }
});

test('the fast Skein equals the slow one for keys and personalizations of other lengths, and for none', () => {
  for (const length of [0, 1, 63, 64, 65, 200]) {
    compare(pattern(length), pattern(5), pattern(100));
    compare(pattern(5), pattern(length), pattern(100));
  }
});

test('the fast Skein equals the slow one around the end of its message region', () => {
  for (const length of [131071, 131072, 131073, 262145]) compare(NONE, NONE, pattern(length));
});

const reader =
  (message: Uint8Array): ReadMessage =>
  (into, position) =>
    into.set(message.subarray(position, position + into.length));

for (const both of [0, 1, 64, 65, 131072, 131073, 262145]) {
  test(`two messages, ${both} bytes of them beside each other, have the digests that each has by itself`, () => {
    const messages = [pattern(both + 200_000), pattern(both + 1).map((byte) => byte ^ 255)] as const;
    const pair = createSkeinPair();
    const { skeins } = pair;
    const digests = (): Buffer[] =>
      skeins.map((skein, lane) => {
        const rest = messages[lane]?.subarray(both) ?? assert.fail();
        skein.updateFrom(rest.length, reader(rest));
        return Buffer.from(skein.finish());
      });
    skeins[0].start(pattern(3), pattern(40));
    skeins[1].start(pattern(70), NONE);
    pair.updateBothFrom(both, [reader(messages[0]), reader(messages[1])]);
    const expected = [
      slowSkein(240, pattern(3), pattern(40), messages[0]),
      slowSkein(240, pattern(70), NONE, messages[1]),
    ];
    assert.deepEqual(digests(), expected);
  });
}

test('messages of which one has had more bytes are not hashed beside each other', () => {
  const pair = createSkeinPair();
  const { skeins } = pair;
  for (const skein of skeins) skein.start(NONE, NONE);
  skeins[0].update(pattern(1));
  assert.throws(() => pair.updateBothFrom(1, [reader(pattern(1)), reader(pattern(1))]), RangeError);
  skeins[1].update(pattern(1));
  pair.updateBothFrom(1, [reader(pattern(1)), reader(pattern(1))]);
});

test('what `read` throws comes through, and the next messages are hashed', () => {
  const pair = createSkeinPair();
  const { skeins } = pair;
  const broken = new Error('a disk that fails');
  const fail = (): void => {
    throw broken;
  };
  for (const skein of skeins) skein.start(NONE, NONE);
  assert.throws(() => pair.updateBothFrom(200_000, [reader(pattern(200_000)), fail]), broken);
  for (const skein of skeins) {
    skein.start(NONE, NONE);
    skein.update(pattern(5));
    assert.deepEqual(Buffer.from(skein.finish()), slowSkein(240, NONE, NONE, pattern(5)));
  }
});

test('the pieces of a message do not matter', () => {
  const message = pattern(200_001);
  const skein = createSkein();
  const digest = (piece: number): Uint8Array => {
    skein.start(pattern(3), pattern(40));
    for (let start = 0; start < message.length; start += piece)
      skein.update(message.subarray(start, start + piece));
    return skein.finish();
  };
  const whole = digest(message.length);
  for (const piece of [1, 3, 63, 64, 65, 4096, 131071, 131072, 131073])
    assert.deepEqual(digest(piece), whole);
});

test('an unfinished message leaves nothing behind, and two Skeins share nothing', () => {
  const [one, other] = [createSkein(), createSkein()];
  one.start(pattern(9), pattern(9));
  one.update(pattern(140_000));
  one.start(NONE, NONE);
  other.start(pattern(2), NONE);
  other.update(pattern(140_000));
  one.update(pattern(5));
  assert.deepEqual(Buffer.from(one.finish()), slowSkein(240, NONE, NONE, pattern(5)));
  assert.deepEqual(Buffer.from(other.finish()), slowSkein(240, pattern(2), NONE, pattern(140_000)));
});
