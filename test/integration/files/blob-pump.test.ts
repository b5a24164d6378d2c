import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync, truncateSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createBlobPump } from '../../../dist/adapters/files/blob-pump.js';
import { BUFFER_BYTES } from '../../../dist/adapters/files/buffer-pool.js';
import { createStores, type OpenBlob, type Stores } from '../../../dist/adapters/files/stores.js';
import { bodyOf, cutBodyOf, replyTo, servePump } from './pump-server.js';
import { anyId, makeStore, openUnder, pattern, pathOf, put } from './temp-store.js';

const id = anyId('blob');
/** More than the buffers of both sockets hold, so that who does not read holds up who writes. */
const LARGE_BYTES = 32 * 1024 * 1024;

function storeWith(t: TestContext, bytes: Uint8Array): { parent: string; stores: Stores } {
  const parent = makeStore(t);
  put(parent, id, bytes);
  return { parent, stores: createStores([parent]) };
}

for (const secure of [false, true]) {
  const over = secure ? 'over TLS' : 'in clear';

  test(`bodies around the size of a buffer arrive as they are, ${over}`, async (t) => {
    const bytes = pattern(2 * BUFFER_BYTES + 1);
    const { parent, stores } = storeWith(t, bytes);
    const server = await servePump(t, stores, createBlobPump(), { secure });
    const ends = [0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 2 * BUFFER_BYTES];
    for (const end of ends) {
      assert.deepEqual(await bodyOf(server.get(`${id}/0/${end}`)), bytes.subarray(0, end + 1));
      assert.deepEqual(await bodyOf(server.get(`${id}/${end}/${bytes.length - 1}`)), bytes.subarray(end));
    }
    await server.ended(2 * ends.length);
    assert.ok(server.ends.every(({ outcome }) => outcome === 'sent'));
    assert.equal(openUnder(parent), 0);
  });

  test(`many clients with a pool of two buffers are all served, ${over}`, async (t) => {
    const bytes = pattern(3_000_000);
    const { stores } = storeWith(t, bytes);
    const pump = createBlobPump({ poolBytes: 2 * BUFFER_BYTES });
    const server = await servePump(t, stores, pump, { secure });
    const starts = Array.from({ length: 24 }, (_, client) => client * 1001);
    const bodies = await Promise.all(
      starts.map((start) => bodyOf(server.get(`${id}/${start}/${bytes.length - 1}`))),
    );
    bodies.forEach((body, client) => assert.ok(body.equals(bytes.subarray(starts[client]))));
    await server.ended(starts.length);
    assert.deepEqual(
      server.ends.map(({ bytes: sent }) => sent).sort((a, b) => a - b),
      starts.map((start) => bytes.length - start).sort((a, b) => a - b),
    );
  });

  test(`clients that go away in the middle free their buffers and files, ${over}`, async (t) => {
    const { parent, stores } = storeWith(t, pattern(LARGE_BYTES));
    const server = await servePump(t, stores, createBlobPump({ poolBytes: 3 * BUFFER_BYTES }), { secure });
    for (let client = 1; client <= 8; client++) {
      const reply = await replyTo(server.get(id));
      await once(reply, 'readable');
      reply.destroy();
      await server.ended(client);
    }
    assert.ok(server.ends.every(({ outcome, bytes }) => outcome === 'gone' && bytes < LARGE_BYTES));
    assert.equal(openUnder(parent), 0);
    // If any buffer were lost, the second of these would wait for ever: the first holds two.
    const still = await replyTo(server.get(id));
    assert.equal((await bodyOf(server.get(`${id}/0/${BUFFER_BYTES * 3}`))).length, BUFFER_BYTES * 3 + 1);
    still.destroy();
  });

  test(`others are served while a client reads nothing, ${over}`, async (t) => {
    const bytes = pattern(LARGE_BYTES);
    const { stores } = storeWith(t, bytes);
    const pump = createBlobPump({ poolBytes: 3 * BUFFER_BYTES });
    const server = await servePump(t, stores, pump, { secure });
    const still = await replyTo(server.get(id));
    for (let client = 1; client <= 3; client++) {
      assert.ok((await bodyOf(server.get(id))).equals(bytes));
      await server.ended(client);
    }
    assert.ok(server.ends.every(({ outcome }) => outcome === 'sent'));
    still.destroy();
    await server.ended(4);
    assert.equal(server.ends[3]?.outcome, 'gone');
  });

  test(`a client that reads nothing is cut off, and who waits for its buffers gets them, ${over}`, async (t) => {
    const bytes = pattern(LARGE_BYTES);
    const { parent, stores } = storeWith(t, bytes);
    const pump = createBlobPump({ poolBytes: 2 * BUFFER_BYTES, stallMs: 1000 });
    const server = await servePump(t, stores, pump, { secure });
    const still = await replyTo(server.get(id));
    assert.deepEqual(await bodyOf(server.get(`${id}/5/9`)), bytes.subarray(5, 10));
    await server.ended(2);
    assert.deepEqual(server.ends.map(({ outcome }) => outcome).sort(), ['sent', 'stalled']);
    assert.ok((await cutBodyOf(still)).length < bytes.length);
    assert.equal(openUnder(parent), 0);
  });

  test(`a file that becomes shorter cuts the reply off, and no wrong byte is sent, ${over}`, async (t) => {
    const bytes = pattern(LARGE_BYTES);
    const { parent, stores } = storeWith(t, bytes);
    const server = await servePump(t, stores, createBlobPump(), { secure });
    const reply = await replyTo(server.get(id));
    await once(reply, 'readable');
    truncateSync(pathOf(parent, id), LARGE_BYTES - 1);
    const body = await cutBodyOf(reply);
    assert.ok(body.equals(bytes.subarray(0, body.length)));
    await server.ended(1);
    assert.equal(server.ends[0]?.outcome, 'failed');
    assert.equal(openUnder(parent), 0);
  });
}

test('a store that is renamed away goes on being sent, is not found meanwhile, and is found again', async (t) => {
  const bytes = pattern(LARGE_BYTES);
  const { parent, stores } = storeWith(t, bytes);
  const server = await servePump(t, stores, createBlobPump());
  const request = server.get(id);
  const reply = await replyTo(request);
  await once(reply, 'readable');
  renameSync(`${parent}/.dmedia`, `${parent}/away`);
  assert.equal((await replyTo(server.get(id))).statusCode, 404);
  renameSync(`${parent}/away`, `${parent}/.dmedia`);
  const pieces: Buffer[] = [];
  for await (const piece of reply) pieces.push(piece as Buffer);
  assert.ok(Buffer.concat(pieces).equals(bytes));
  assert.ok((await bodyOf(server.get(id))).equals(bytes));
});

/** Its first chunk is read, and what comes then fails after a call of `onFailure`. */
function failingAfter(blob: OpenBlob | null, onFailure: () => void): OpenBlob | null {
  const fail = (): Promise<number> => {
    onFailure();
    return Promise.reject(new Error('EIO'));
  };
  return (
    blob && {
      ...blob,
      read: (buffer, position, length) => (position === 0 ? blob.read(buffer, position, length) : fail()),
    }
  );
}

for (const buffers of [1, 2]) {
  test(`a read that fails cuts the reply off and frees ${buffers} buffers`, async (t) => {
    const { parent, stores } = storeWith(t, pattern(3 * BUFFER_BYTES));
    const pump = createBlobPump({ poolBytes: buffers * BUFFER_BYTES });
    const open: Stores['open'] = async (which) => failingAfter(await stores.open(which), () => undefined);
    const server = await servePump(t, { ...stores, open }, pump);
    for (let round = 1; round <= 3; round++) {
      const body = await cutBodyOf(await replyTo(server.get(id)));
      assert.ok(body.length <= BUFFER_BYTES);
      await server.ended(round);
      assert.equal(server.ends.at(-1)?.outcome, 'failed');
    }
    assert.equal(openUnder(parent), 0);
  });
}

test('a read that fails while a write is under way cuts the reply off after that', async (t) => {
  const { stores } = storeWith(t, pattern(3 * BUFFER_BYTES));
  let socket: Socket | null = null;
  const uncork = (): void => void setImmediate(() => socket?.uncork());
  const open: Stores['open'] = async (which) => failingAfter(await stores.open(which), uncork);
  const onReply = (response: ServerResponse): void => {
    ({ socket } = response);
    socket?.cork();
  };
  const server = await servePump(t, { ...stores, open }, createBlobPump(), { onReply });
  await assert.rejects(bodyOf(server.get(id)));
  await server.ended(1);
  assert.deepEqual(server.ends, [{ bytes: BUFFER_BYTES, outcome: 'failed' }]);
});

test('a disk that does not answer is a stall', async (t) => {
  const { stores } = storeWith(t, pattern(1000));
  let answer: () => void = () => undefined;
  const hanging: Stores = {
    ...stores,
    async open(which) {
      const blob = await stores.open(which);
      const late = new Promise<number>((resolve) => (answer = () => resolve(1000)));
      return blob && { ...blob, read: () => late };
    },
  };
  const server = await servePump(t, hanging, createBlobPump({ stallMs: 50 }));
  await assert.rejects(bodyOf(server.get(id)));
  assert.equal(server.ends.length, 0);
  answer();
  await server.ended(1);
  assert.deepEqual(server.ends, [{ bytes: 0, outcome: 'stalled' }]);
});

test('pipelined requests are answered one after the other, and hold one buffer at most', async (t) => {
  const bytes = pattern(5 * BUFFER_BYTES);
  const { parent, stores } = storeWith(t, bytes);
  const server = await servePump(t, stores, createBlobPump({ poolBytes: BUFFER_BYTES }));
  const socket = connect(server.port, '127.0.0.1');
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const asked = 15;
  const request = `GET /${id} HTTP/1.1\r\nHost: x\r\n`;
  socket.write(`${request}\r\n`.repeat(asked - 1) + `${request}Connection: close\r\n\r\n`);
  let received = 0;
  for await (const piece of socket) received += (piece as Buffer).length;
  assert.ok(received > asked * bytes.length);
  await server.ended(asked);
  assert.deepEqual(warnings, []);
  assert.equal(server.ends.filter(({ outcome }) => outcome === 'sent').length, asked);
  assert.equal(openUnder(parent), 0);
});

test('pipelined requests of a client that goes away are all given up', async (t) => {
  const { parent, stores } = storeWith(t, pattern(LARGE_BYTES));
  const server = await servePump(t, stores, createBlobPump({ poolBytes: BUFFER_BYTES }));
  const socket = connect(server.port, '127.0.0.1');
  const asked = 15;
  socket.write(`GET /${id} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(asked));
  await once(socket, 'readable');
  socket.destroy();
  await server.ended(asked);
  assert.ok(server.ends.every(({ outcome }) => outcome === 'gone'));
  assert.equal(openUnder(parent), 0);
});
