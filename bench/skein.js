// How fast one thread hashes leaves, in its own CPU time, beside node's SHA-256 on the same bytes: node bench/skein.js
// The ratio carries over to other machines, the figures do not.
import { createHash } from 'node:crypto';
import { LEAF_BYTES, leafIn, readDigest, readTwoDigests } from '../dist/core/skein/hashing.js';
import { createSkeinPair } from '../dist/core/skein/skein.js';

const WARM_MS = 2000;
const ROUND_MS = 500;
const ROUNDS = 9;

const bytes = new Uint8Array(LEAF_BYTES).map((_, index) => index * 131);
const pair = createSkeinPair();
const leaf = leafIn(0, bytes);

/** Each hashes so many leaves. */
const CONTENDERS = {
  // As the leaves of a file are.
  two: { leaves: 2, hash: () => readTwoDigests(pair, leaf, leaf) },
  one: { leaves: 1, hash: () => readDigest(pair.skeins[0], leaf) },
  sha256: { leaves: 1, hash: () => createHash('sha256').update(bytes).digest() },
};

/** GB for each second of CPU, over at least `ms`. */
function measure({ leaves, hash }, ms) {
  const start = process.cpuUsage();
  for (let done = leaves; ; done += leaves) {
    hash();
    const { user, system } = process.cpuUsage(start);
    if (user + system >= ms * 1000) return (done * LEAF_BYTES) / (user + system) / 1000;
  }
}

for (const contender of Object.values(CONTENDERS)) measure(contender, WARM_MS);
const figures = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++)
  for (const [name, contender] of Object.entries(CONTENDERS))
    figures[name].push(measure(contender, ROUND_MS));
console.log(JSON.stringify(figures));
