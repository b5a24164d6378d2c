// Hashes a file as `files verify` does, on as many threads as it may have, and tells how long that took: node bench/hash.js FILE
import { open } from 'node:fs/promises';
import { createFileHasher } from '../dist/adapters/files/hash-file.js';

const file = await open(process.argv[2]);
const { size } = await file.stat();
const hasher = createFileHasher();
// The threads begin, and what V8 makes of the WebAssembly is there.
await hasher.hash({ fd: file.fd, size: Math.min(size, 2 ** 26) });
const begun = performance.now();
await hasher.hash({ fd: file.fd, size });
console.log((performance.now() - begun) / 1000);
await hasher.close();
await file.close();
