import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createBufferPool, BUFFER_BYTES } from '../../../dist/adapters/files/buffer-pool.js';
import { createBlobPump } from '../../../dist/adapters/files/blob-pump.js';
import { createPieces } from '../../../dist/adapters/files/pieces.js';
import { createStores, type OpenBlob, type Stores } from '../../../dist/adapters/files/stores.js';
import { bodyOf, cutBodyOf, replyTo, servePump } from './pump-server.js';
import { anyId, makeStore, openUnder, pattern, put } from './temp-store.js';

const id = anyId('blob');
const other = anyId('other');
const bytes = pattern(BUFFER_BYTES);
const never = new AbortController().signal;

/** Stores whose reads are counted, and wait for `go`. */
function gatedStores(t: TestContext) {
  const parent = makeStore(t);
  for (const each of [id, other]) put(parent, each, bytes);
  const stores = createStores([parent]);
  const reads: string[] = [];
  let go = (): void => undefined;
  let begun = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const reading = new Promise<void>((resolve) => (begun = resolve));
  const gated = (blob: OpenBlob): OpenBlob => ({
    ...blob,
    async read(buffer, position, length) {
      reads.push(`${blob.id} ${position} ${length}`);
      begun();
      await gate;
      return blob.read(buffer, position, length);
    },
  });
  const open: Stores['open'] = async (which) => {
    const blob = await stores.open(which);
    return blob && gated(blob);
  };
  return { parent, stores: { ...stores, open }, reads, go: () => go(), reading };
}

async function openGated(t: TestContext, { stores }: { stores: Stores }, which = id): Promise<OpenBlob> {
  const blob = (await stores.open(which)) ?? assert.fail();
  t.after(() => blob.close());
  return blob;
}

test('what two want at the same time is read once; what differs in its place or its blob is not shared', async (t) => {
  const gated = gatedStores(t);
  const pieces = createPieces(createBufferPool(8 * BUFFER_BYTES));
  const [blob, another] = [await openGated(t, gated), await openGated(t, gated, other)];
  const spans = [
    { blob, position: 0, length: 1000 },
    { blob, position: 0, length: 1000 },
    { blob, position: 0, length: 10 },
    { blob, position: 1, length: 1000 },
    { blob: another, position: 0, length: 1000 },
  ];
  const taken = await Promise.all(spans.map((span) => pieces.take(span, never)));
  assert.deepEqual(gated.reads, [`${id} 0 1000`, `${id} 1 1000`, `${other} 0 1000`]);
  gated.go();
  for (const [index, piece] of taken.entries()) {
    const { position, length } = spans[index] ?? assert.fail();
    assert.ok((await piece.bytes()).equals(bytes.subarray(position, position + length)));
    piece.release();
  }
});

test('one that is longer than what is being read is read by itself', async (t) => {
  const gated = gatedStores(t);
  const pieces = createPieces(createBufferPool(8 * BUFFER_BYTES));
  const blob = await openGated(t, gated);
  const short = await pieces.take({ blob, position: 0, length: 10 }, never);
  const long = await pieces.take({ blob, position: 0, length: 20 }, never);
  assert.deepEqual(gated.reads, [`${id} 0 10`, `${id} 0 20`]);
  gated.go();
  assert.equal((await short.bytes()).length, 10);
  short.release();
  const again = await pieces.take({ blob, position: 0, length: 20 }, never);
  assert.equal(gated.reads.length, 2);
  assert.ok((await again.bytes()).equals(await long.bytes()));
});

test('a buffer is free when the last has released it, and not before', async (t) => {
  const gated = gatedStores(t);
  gated.go();
  const pieces = createPieces(createBufferPool(BUFFER_BYTES));
  const blob = await openGated(t, gated);
  const [first, second] = [
    await pieces.take({ blob, position: 0, length: 10 }, never),
    await pieces.take({ blob, position: 0, length: 10 }, never),
  ];
  const order: string[] = [];
  const next = pieces.take({ blob, position: 5, length: 10 }, never).finally(() => order.push('next'));
  const kept = await second.bytes();
  first.release();
  await new Promise(setImmediate);
  assert.ok(kept.equals(bytes.subarray(0, 10)));
  order.push('released');
  second.release();
  assert.ok((await (await next).bytes()).equals(bytes.subarray(5, 15)));
  assert.deepEqual(order, ['released', 'next']);
});

test('a read that fails fails all who wait for it, and is tried anew for who comes after them', async (t) => {
  const gated = gatedStores(t);
  gated.go();
  const blob = await openGated(t, gated);
  let isBroken = true;
  const fragile: OpenBlob = {
    ...blob,
    read: (...span) => (isBroken ? Promise.reject(new Error('EIO')) : blob.read(...span)),
  };
  const pieces = createPieces(createBufferPool(BUFFER_BYTES));
  const span = { blob: fragile, position: 0, length: 10 };
  const taken = [await pieces.take(span, never), await pieces.take(span, never)];
  for (const piece of taken) await assert.rejects(piece.bytes(), /EIO/);
  for (const piece of taken) piece.release();
  isBroken = false;
  assert.ok((await (await pieces.take(span, never)).bytes()).equals(bytes.subarray(0, 10)));
});

test('who began a read may go away: the others have it whole', async (t) => {
  const gated = gatedStores(t);
  const server = await servePump(t, gated.stores, createBlobPump({ poolBytes: BUFFER_BYTES }));
  const leaving = server.get(id);
  leaving.on('error', () => undefined);
  const cut = replyTo(leaving).then(cutBodyOf, () => null);
  await gated.reading;
  const staying = [server.get(id), server.get(id)].map(bodyOf);
  // The pool has one buffer: they wait for it, unless they share.
  leaving.destroy();
  await cut;
  gated.go();
  for (const body of await Promise.all(staying)) assert.ok(body.equals(bytes));
  await server.ended(3);
  assert.deepEqual(server.ends.map(({ outcome }) => outcome).sort(), ['gone', 'sent', 'sent']);
  assert.equal(openUnder(gated.parent), 0);
});
