import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createJsonScanner, JsonError, type JsonListener } from '../../dist/core/json/scanner.js';

const DEAF: JsonListener = {
  onKey: () => undefined,
  onValue: () => undefined,
  onString: () => undefined,
  onClose: () => undefined,
};

function accepts(pieces: readonly string[], maxDepth = 256): boolean {
  const scanner = createJsonScanner({ maxDepth, listenDepth: 3, listener: DEAF });
  try {
    for (const piece of pieces) scanner.write(piece);
    scanner.end();
    return true;
  } catch (error) {
    assert.ok(error instanceof JsonError);
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A small generator with a seed, so that a failure can be seen again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SAMPLE =
  '{"docs":[{"_id":"a\\u005fb","n":-1.5e+3,"t":[true,false,null,{}],"s":"\\"\\\\/\\b"},{}],"new_edits":false}';
const MUTATIONS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '0',
  '-',
  '.',
  'e',
  '+',
  'u',
  ' ',
  '\n',
  't',
  '\u0001',
  '',
];

describe('the JSON scanner', () => {
  test('agrees with JSON.parse on the sample cut, changed and grown at every place', () => {
    for (let at = 0; at <= SAMPLE.length; at++) {
      for (const mutation of MUTATIONS) {
        for (const skip of [0, 1]) {
          const text = SAMPLE.slice(0, at) + mutation + SAMPLE.slice(at + skip);
          assert.equal(accepts([text]), isJson(text), text);
        }
      }
    }
  });

  test('agrees with JSON.parse on twice mutated samples, whole and in pieces', () => {
    const random = createRandom(20_261_120);
    for (let round = 0; round < 20_000; round++) {
      let text = SAMPLE;
      for (let times = 0; times < 2; times++) {
        const at = random(text.length + 1);
        text = text.slice(0, at) + (MUTATIONS[random(MUTATIONS.length)] ?? '') + text.slice(at + random(3));
      }
      const cut = random(text.length + 1);
      assert.equal(accepts([text]), isJson(text), text);
      assert.equal(accepts([text.slice(0, cut), text.slice(cut)]), isJson(text), text);
      assert.equal(accepts(Array.from(text)), isJson(text), text);
    }
  });

  test('refuses numbers that only look like some, and takes those that are', () => {
    for (const text of [
      '01',
      '-',
      '1.',
      '.5',
      '1e',
      '+1',
      'NaN',
      'Infinity',
      'nul',
      '0x10',
      '--1',
      '1e5.5',
      'truefalse',
    ]) {
      assert.equal(accepts([text]), false, text);
    }
    for (const text of ['0', '-0', '1.5', '1e5', '1E-5', 'true', 'null', '""'])
      assert.equal(accepts([text]), true, text);
  });

  test('takes the depth that it may, and not one more', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.equal(accepts([nested(16)], 16), true);
    assert.equal(accepts([nested(17)], 16), false);
  });

  test('tells keys and strings of the outer levels, with escapes read', () => {
    const told: string[] = [];
    const scanner = createJsonScanner({
      maxDepth: 8,
      listenDepth: 1,
      listener: {
        ...DEAF,
        onKey: (depth, key) => void told.push(`key ${depth} ${key}`),
        onString: (depth, text) => void told.push(`string ${depth} ${text}`),
      },
    });
    for (const piece of ['{"\\u005f', 'id":"\\u00', '5fdesign\\/x","deep":{"unheard":"too"}}'])
      scanner.write(piece);
    scanner.end();
    assert.deepEqual(told, ['key 1 _id', 'string 1 _design/x', 'key 1 deep']);
  });
});
