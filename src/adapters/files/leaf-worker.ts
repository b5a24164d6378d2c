// A thread that hashes leaves: from a descriptor of the process, which it reads itself, or from memory that it is given.
// It opens and closes nothing.
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { LEAF_BYTES, leafDigest, startLeaf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
import type { FileLeaf, LeafJob } from './leaf-threads.js';

/** Small enough to stay in the processor's cache until it is hashed. */
const READ_BYTES = 262_144;

const skein = createSkein();
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** The digest, or null where the file ends too early or cannot be read. */
function digestOfFile({ fd, index, length }: FileLeaf): Uint8Array | null {
  const leaf = startLeaf(skein, index);
  for (let done = 0; done < length;) {
    const position = index * LEAF_BYTES + done;
    const got = readSync(fd, buffer, 0, Math.min(READ_BYTES, length - done), position);
    if (got === 0) return null;
    leaf.update(buffer.subarray(0, got));
    done += got;
  }
  return leaf.finish();
}

parentPort?.on('message', (job: LeafJob) => {
  let digest: Uint8Array | null = null;
  try {
    digest = 'fd' in job ? digestOfFile(job) : leafDigest(skein, job.index, job.bytes);
  } catch {
    // A disk that fails: as good as a file that ended.
  }
  parentPort?.postMessage(digest);
});
