// How fast one thread hashes leaves, beside node's SHA-256 on the same bytes: node bench/skein.js
// The ratio carries over to other machines, the figures do not.
import { createHash } from 'node:crypto';
import { LEAF_BYTES, startLeaf } from '../dist/core/skein/hashing.js';
import { createSkein } from '../dist/core/skein/skein.js';

const WARM_MS = 2000;
const ROUND_MS = 500;
const ROUNDS = 9;
const CHUNK_BYTES = 262_144;

const leaf = new Uint8Array(LEAF_BYTES).map((_, index) => index * 131);
const skein = createSkein();

function hashSkein() {
  const hash = startLeaf(skein, 0);
  for (let start = 0; start < LEAF_BYTES; start += CHUNK_BYTES)
    hash.update(leaf.subarray(start, start + CHUNK_BYTES));
  hash.finish();
}
const hashSha256 = () => createHash('sha256').update(leaf).digest();

/** Bytes a nanosecond, which is GB/s, over at least `ms`. */
function measure(hash, ms) {
  const start = process.hrtime.bigint();
  for (let leaves = 1; ; leaves++) {
    hash();
    const elapsed = Number(process.hrtime.bigint() - start);
    if (elapsed >= ms * 1e6) return (leaves * LEAF_BYTES) / elapsed;
  }
}

const contenders = [
  ['Skein-512 leaf, WebAssembly', hashSkein],
  ['SHA-256, node:crypto', hashSha256],
];
for (const [, hash] of contenders) measure(hash, WARM_MS);
const rounds = Array.from({ length: ROUNDS }, () => contenders.map(([, hash]) => measure(hash, ROUND_MS)));
contenders.forEach(([name], column) => {
  const figures = rounds.map((round) => round[column]).sort((a, b) => a - b);
  const median = figures[(ROUNDS - 1) / 2];
  console.log(
    `${name.padEnd(28)} ${median.toFixed(2)} GB/s (${figures[0].toFixed(2)} to ${figures.at(-1).toFixed(2)})`,
  );
});
