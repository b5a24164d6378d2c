// A thread that hashes leaves: from descriptors of the process, which it reads itself, or from memory that it is given.
// It opens and closes nothing.
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { LEAF_BYTES, leafIn, readDigest, readTwoDigests, type UnreadLeaf } from '../../core/skein/hashing.js';
import { createSkeinPair } from '../../core/skein/skein.js';
import type { FileLeaf, LeafJob, LeafJobs } from './leaf-threads.js';

const pair = createSkeinPair();

const leafInFile = ({ fd, index, length }: FileLeaf): UnreadLeaf => ({
  index,
  length,
  read(into, position) {
    for (let done = 0; done < into.length;) {
      const got = readSync(fd, into, done, into.length - done, index * LEAF_BYTES + position + done);
      if (got === 0) throw new Error('the file ends too early');
      done += got;
    }
  },
});

const leafOf = (job: LeafJob): UnreadLeaf => ('fd' in job ? leafInFile(job) : leafIn(job.index, job.bytes));

/** Null where the file ends too early or cannot be read: a disk that fails is as good as a file that ended. */
function digestOf(job: LeafJob): Uint8Array | null {
  try {
    return readDigest(pair.skeins[0], leafOf(job));
  } catch {
    return null;
  }
}

function digestsOf([one, other]: LeafJobs): (Uint8Array | null)[] {
  if (other === undefined) return [digestOf(one)];
  try {
    return readTwoDigests(pair, leafOf(one), leafOf(other));
  } catch {
    // At least one cannot be read; the other may.
    return [digestOf(one), digestOf(other)];
  }
}

parentPort?.on('message', (jobs: LeafJobs) => parentPort?.postMessage(digestsOf(jobs)));
