// Skein-512 after the text of Skein 1.3, as plainly as it can be said, with BigInt: what the fast one is compared with.

const MASK = (1n << 64n) - 1n;
const PARITY = 0x1bd11bdaa9fc1a22n;
const BLOCK_BYTES = 64;
const PERMUTATION = [2, 1, 4, 7, 6, 5, 0, 3];
const ROTATIONS = [
  [46n, 36n, 19n, 37n],
  [33n, 27n, 14n, 42n],
  [17n, 49n, 36n, 39n],
  [44n, 9n, 54n, 56n],
  [39n, 30n, 34n, 24n],
  [13n, 50n, 10n, 17n],
  [25n, 29n, 39n, 43n],
  [8n, 35n, 56n, 22n],
];

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('empty list');
  return item;
};
const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (64n - bits))) & MASK;

const toWords = (bytes: Uint8Array): bigint[] =>
  Array.from({ length: 8 }, (_, word) => Buffer.from(bytes).readBigUInt64LE(8 * word));
const toBytes = (words: readonly bigint[]): Buffer => {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  words.forEach((word, index) => bytes.writeBigUInt64LE(word, 8 * index));
  return bytes;
};

function threefish(key: readonly bigint[], tweak: bigint, plain: readonly bigint[]): bigint[] {
  const keys = [...key, key.reduce((sum, word) => sum ^ word, PARITY)];
  const low = tweak & MASK;
  const high = tweak >> 64n;
  const tweaks = [low, high, low ^ high];
  const subkey = (s: number): bigint[] => {
    const words = plain.map((_, word) => at(keys, s + word));
    const extra = [0n, 0n, 0n, 0n, 0n, at(tweaks, s), at(tweaks, s + 1), BigInt(s)];
    return words.map((word, index) => word + at(extra, index));
  };
  const add = (words: readonly bigint[], s: number): bigint[] =>
    subkey(s).map((word, index) => (word + at(words, index)) & MASK);

  let state = [...plain];
  for (let round = 0; round < 72; round++) {
    if (round % 4 === 0) state = add(state, round / 4);
    const mixed: bigint[] = [];
    at(ROTATIONS, round).forEach((bits, pair) => {
      const sum = (at(state, 2 * pair) + at(state, 2 * pair + 1)) & MASK;
      mixed.push(sum, rotate(at(state, 2 * pair + 1), bits) ^ sum);
    });
    state = PERMUTATION.map((from) => at(mixed, from));
  }
  return add(state, 18);
}

function ubi(chain: bigint[], type: bigint, message: Uint8Array): bigint[] {
  let state = chain;
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK_BYTES));
  for (let block = 0; block < blocks; block++) {
    const end = Math.min(message.length, (block + 1) * BLOCK_BYTES);
    const padded = Buffer.alloc(BLOCK_BYTES);
    padded.set(message.subarray(block * BLOCK_BYTES, end));
    const first = block === 0 ? 1n << 126n : 0n;
    const final = block === blocks - 1 ? 1n << 127n : 0n;
    const words = toWords(padded);
    const sealed = threefish(state, BigInt(end) | (type << 120n) | first | final, words);
    state = sealed.map((word, index) => word ^ at(words, index));
  }
  return state;
}

/** Skein-512 of a message, with up to 512 bits of output. */
export function slowSkein(
  outputBits: number,
  key: Uint8Array,
  personalization: Uint8Array,
  message: Uint8Array,
): Buffer {
  const configuration = Buffer.alloc(32);
  configuration.write('SHA3', 'latin1');
  configuration.writeUInt16LE(1, 4);
  configuration.writeBigUInt64LE(BigInt(outputBits), 8);
  let state = toWords(Buffer.alloc(BLOCK_BYTES));
  if (key.length > 0) state = ubi(state, 0n, key);
  state = ubi(state, 4n, configuration);
  if (personalization.length > 0) state = ubi(state, 8n, personalization);
  state = ubi(state, 48n, message);
  return toBytes(ubi(state, 63n, Buffer.alloc(8))).subarray(0, outputBits / 8);
}
