import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createFileHasher } from '../../../dist/adapters/files/hash-file.js';
import { LEAF_BYTES } from '../../../dist/core/skein/hashing.js';
import { anyId, hashOf, makeStore, pattern, put } from './temp-store.js';

const MODULE = new URL('../../../dist/adapters/files/hash-file.js', import.meta.url).href;

const threadCount = (): number => readdirSync('/proc/self/task').length;

async function openFile(
  t: TestContext,
  bytes: Uint8Array,
): Promise<{ fd: number; size: number; path: string }> {
  const path = put(makeStore(t), anyId('file'), bytes);
  const handle = await open(path);
  t.after(() => handle.close());
  return { fd: handle.fd, size: bytes.length, path };
}

for (const threads of [1, 2, 4]) {
  test(`a file of four leaves is hashed by ${threads} threads`, async (t) => {
    const bytes = pattern(3 * LEAF_BYTES + 4321);
    const file = await openFile(t, bytes);
    const hasher = createFileHasher({ threads });
    t.after(() => hasher.close());
    const hashed = await hasher.hash(file);
    assert.ok(hashed);
    const { digests, id } = hashOf(bytes);
    assert.deepEqual([hashed.size, hashed.id], [bytes.length, id]);
    assert.deepEqual(Buffer.from(hashed.digests), digests);
  });
}

test('many files at once share the threads', async (t) => {
  const hasher = createFileHasher({ threads: 2 });
  t.after(() => hasher.close());
  const contents = Array.from({ length: 10 }, (_, seed) => pattern(100_000 + seed, seed));
  const files = await Promise.all(contents.map((bytes) => openFile(t, bytes)));
  const before = threadCount();
  const hashed = await Promise.all(files.map((file) => hasher.hash(file)));
  assert.equal(threadCount(), before + 2);
  assert.deepEqual(
    hashed.map((one) => one?.id),
    contents.map((bytes) => hashOf(bytes).id),
  );
});

test('a file that is shorter than said, or closed, is null, and the next one is hashed', async (t) => {
  const hasher = createFileHasher({ threads: 2 });
  t.after(() => hasher.close());
  const bytes = pattern(1000);
  const file = await openFile(t, bytes);
  assert.equal(await hasher.hash({ fd: file.fd, size: 1001 }), null);
  assert.equal(await hasher.hash({ fd: file.fd, size: 3 * LEAF_BYTES }), null);
  assert.equal(await hasher.hash({ fd: 99_999, size: 1 }), null);
  assert.equal((await hasher.hash(file))?.id, hashOf(bytes).id);
});

test('leaves that a thread reads beside others that cannot be read have their digests', async (t) => {
  const hasher = createFileHasher({ threads: 1 });
  t.after(() => hasher.close());
  const bytes = pattern(200_000);
  const file = await openFile(t, bytes);
  const { id } = hashOf(bytes);
  const files = [file, { fd: 99_999, size: 200_000 }, { fd: file.fd, size: 200_001 }, file, file];
  const hashed = await Promise.all(files.map((one) => hasher.hash(one)));
  assert.deepEqual(
    hashed.map((one) => one?.id),
    [id, undefined, undefined, id, id],
  );
});

test('hashing is dropped when its signal is aborted', { timeout: 30_000 }, async (t) => {
  const hasher = createFileHasher({ threads: 1 });
  t.after(() => hasher.close());
  const { fd, path } = await openFile(t, pattern(10));
  // All of it would take minutes.
  const size = 2 ** 37;
  truncateSync(path, size);
  const stop = new AbortController();
  const reason = new Error('dropped');
  const dropped = hasher.hash({ fd, size }, stop.signal);
  stop.abort(reason);
  await assert.rejects(dropped, reason);
  assert.ok(await hasher.hash({ fd, size: 10 }));
});

test('after close, what was being hashed is rejected, and so is what comes', async (t) => {
  const hasher = createFileHasher({ threads: 1 });
  const file = await openFile(t, pattern(3 * LEAF_BYTES));
  const under = assert.rejects(hasher.hash(file));
  await hasher.close();
  await under;
  await assert.rejects(hasher.hash(file));
});

test('a thread stays for the next file', async (t) => {
  const hasher = createFileHasher({ threads: 1 });
  const file = await openFile(t, pattern(100));
  const before = threadCount();
  for (let round = 0; round < 3; round++) await hasher.hash(file);
  assert.equal(threadCount(), before + 1);
  await hasher.close();
  assert.equal(threadCount(), before);
});

test('threads end when they are idle, and begin anew', { timeout: 30_000 }, async (t) => {
  const hasher = createFileHasher({ threads: 1, idleMs: 1 });
  t.after(() => hasher.close());
  const file = await openFile(t, pattern(100));
  const before = threadCount();
  for (let round = 0; round < 3; round++) {
    assert.ok(await hasher.hash(file));
    while (threadCount() > before) await setImmediate();
  }
});

test('a process waits for its hash, and then ends although the hasher was not closed', async (t) => {
  const bytes = pattern(LEAF_BYTES + 1);
  const { path } = await openFile(t, bytes);
  const script = `
    import { openSync } from 'node:fs';
    import { createFileHasher } from ${JSON.stringify(MODULE)};
    const hasher = createFileHasher({ idleMs: 2 ** 31 - 1 });
    const file = { fd: openSync(${JSON.stringify(path)}), size: ${bytes.length} };
    process.stdout.write((await hasher.hash(file)).id);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 30_000,
  });
  assert.equal(stdout, hashOf(bytes).id);
});

test('at most eight leaves are prepared at a time, whatever the threads; and as many as there are threads for', async (t) => {
  const most = async (threads: number, leaves: number): Promise<number> => {
    const { fd, path } = await openFile(t, pattern(1));
    const size = leaves * LEAF_BYTES;
    truncateSync(path, size);
    const hasher = createFileHasher({ threads });
    let [preparing, highest] = [0, 0];
    const prepare = async (): Promise<void> => {
      highest = Math.max(highest, (preparing += 1));
      await setImmediate();
      preparing -= 1;
    };
    assert.ok(await hasher.hash({ fd, size, prepare }));
    await hasher.close();
    return highest;
  };
  assert.equal(await most(16, 10), 8);
  assert.equal(await most(1, 10), 4);
});
