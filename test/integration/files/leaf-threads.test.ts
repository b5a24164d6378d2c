import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createLeafThreads } from '../../../dist/adapters/files/leaf-threads.js';
import { PERMISSION_FLAGS } from '../../../dist/adapters/launch/node-flags.js';
import { LEAF_BYTES, leafDigest } from '../../../dist/core/skein/hashing.js';
import { createSkein } from '../../../dist/core/skein/skein.js';
import { makeStore, pattern } from './temp-store.js';

const MODULE = new URL('../../../dist/adapters/files/leaf-threads.js', import.meta.url).href;

/** The first bytes of memory that threads share. */
function share(content: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(LEAF_BYTES), 0, content.length);
  bytes.set(content);
  return bytes;
}

test('leaves in shared memory are hashed where they lie, by their index', async (t) => {
  const threads = createLeafThreads(2, 1000);
  t.after(() => threads.close());
  const leaves = [pattern(LEAF_BYTES), pattern(LEAF_BYTES, 1), pattern(4321, 2)];
  const digests = await Promise.all(
    leaves.map((leaf, index) => threads.digest({ index, bytes: share(leaf) })),
  );
  const skein = createSkein();
  assert.deepEqual(
    digests.map((digest) => digest && Buffer.from(digest)),
    leaves.map((leaf, index) => Buffer.from(leafDigest(skein, index, leaf))),
  );
});

test('memory may be written anew when its digest is there', async (t) => {
  const threads = createLeafThreads(1, 1000);
  t.after(() => threads.close());
  const bytes = share(pattern(100_000));
  const before = await threads.digest({ index: 0, bytes });
  bytes[0] = ~(bytes[0] ?? 0);
  const after = await threads.digest({ index: 0, bytes });
  assert.ok(before && after);
  assert.notDeepEqual(after, before);
  assert.deepEqual(Buffer.from(after), Buffer.from(leafDigest(createSkein(), 0, bytes)));
});

test('what no leaf can be has no digest, and the thread goes on', async (t) => {
  const threads = createLeafThreads(1, 1000);
  t.after(() => threads.close());
  assert.equal(await threads.digest({ index: 0, bytes: share(new Uint8Array()) }), null);
  assert.ok(await threads.digest({ index: 0, bytes: share(pattern(1)) }));
});

test('where no thread can begin, each digest is refused, and the process goes on', async (t) => {
  const script = join(makeStore(t), 'script.mjs');
  const text = `
    const { createLeafThreads } = await import(${JSON.stringify(MODULE)});
    const threads = createLeafThreads(2, 1000);
    const job = { index: 0, bytes: new Uint8Array(new SharedArrayBuffer(1)) };
    const settled = await Promise.allSettled([1, 2, 3, 4, 5].map(() => threads.digest(job)));
    await threads.close();
    console.log(settled.map(({ status }) => status).join());`;
  writeFileSync(script, text);
  const told = async (flags: readonly string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [...flags, script])).stdout.trim();
  const all = (status: string): string => Array<string>(5).fill(status).join();
  assert.equal(await told(PERMISSION_FLAGS), all('fulfilled'));
  assert.equal(await told(PERMISSION_FLAGS.filter((flag) => flag !== '--allow-worker')), all('rejected'));
});
