// How fast one thread hashes leaves, in its own CPU time, beside node's SHA-256 on the same bytes: node bench/skein.js
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

/** GB for each second of CPU, over at least `ms`. */
function measure(hash, ms) {
  const start = process.cpuUsage();
  for (let leaves = 1; ; leaves++) {
    hash();
    const { user, system } = process.cpuUsage(start);
    if (user + system >= ms * 1000) return (leaves * LEAF_BYTES) / (user + system) / 1000;
  }
}

const contenders = { skein: hashSkein, sha256: hashSha256 };
for (const hash of Object.values(contenders)) measure(hash, WARM_MS);
const figures = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++)
  for (const [name, hash] of Object.entries(contenders)) figures[name].push(measure(hash, ROUND_MS));
console.log(JSON.stringify(figures));
