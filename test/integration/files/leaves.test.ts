import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  LEAVES_WAITING,
  createLeaves,
  type LeafSource,
  type LeavesAnswer,
} from '../../../dist/adapters/files/leaves.js';
import { createStores } from '../../../dist/adapters/files/stores.js';
import { Refusal } from '../../../dist/core/errors.js';
import type { BlobId } from '../../../dist/core/ids.js';
import { LEAF_BYTES } from '../../../dist/core/skein/hashing.js';
import { anyId, hashOf, makeStore, openUnder, pathOf, pattern, put } from './temp-store.js';

const isBusy = (error: unknown): boolean => error instanceof Refusal && error.code === 'busy';

interface Fixture {
  readonly parent: string;
  readonly leaves: LeafSource;
  /** How often this blob was opened: once to see what is known of it, once more to hash it. */
  opened(id: BlobId): number;
  /** From now on nothing is hashed until the returned function is called: a job holds its turn meanwhile. */
  hold(): () => void;
}

function fixture(t: TestContext, options: { cacheBytes?: number; waiting?: number } = {}): Fixture {
  const parent = makeStore(t);
  const stores = createStores([parent]);
  const opened = new Map<BlobId, number>();
  let held: Promise<void> | null = null;
  const open = async (id: BlobId): ReturnType<typeof stores.open> => {
    opened.set(id, (opened.get(id) ?? 0) + 1);
    if (opened.get(id) === 2) await held;
    return stores.open(id);
  };
  const leaves = createLeaves({ stores: { open }, ...options });
  t.after(() => leaves.close());
  return {
    parent,
    leaves,
    opened: (id) => opened.get(id) ?? 0,
    hold() {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
  };
}

/** An answer under way, and how to stop waiting for it. */
interface Ask {
  readonly id: BlobId;
  readonly answer: Promise<LeavesAnswer>;
  leave(): void;
}
const LEFT = new Error('left');

function ask({ leaves }: Fixture, id: BlobId): Ask {
  const control = new AbortController();
  return { id, answer: leaves.leavesOf(id, control.signal), leave: () => control.abort(LEFT) };
}

/** Puts `count` different small blobs that must be hashed, and asks for all of them at once. */
function askForMany(f: Fixture, count: number): Ask[] {
  const contents = Array.from({ length: count }, (_, seed) => pattern(1000, seed));
  return contents.map((bytes) => {
    const { id } = hashOf(bytes);
    put(f.parent, id, bytes);
    return ask(f, id);
  });
}

/** The first ask that is refused as one too many. */
const firstBusy = (asks: readonly Ask[]): Promise<Ask> =>
  Promise.any(
    asks.map(async (one) => {
      await assert.rejects(one.answer, isBusy);
      return one;
    }),
  );

const digestsOf = (answer: LeavesAnswer): Buffer => {
  assert.ok(answer !== null && answer !== 'corrupt');
  return Buffer.from(answer.digests);
};

test('a blob without a sidecar is hashed, once', async (t) => {
  const f = fixture(t);
  const bytes = pattern(LEAF_BYTES + 5);
  const { id, digests } = hashOf(bytes);
  put(f.parent, id, bytes);
  const answer = await ask(f, id).answer;
  assert.deepEqual(digestsOf(answer), digests);
  assert.equal(answer !== 'corrupt' && answer?.size, bytes.length);
  assert.equal(await ask(f, id).answer, answer);
  assert.equal(f.opened(id), 3);
  assert.equal(openUnder(f.parent), 0);
});

test('a sidecar that proves itself is believed, and the blob is not read', async (t) => {
  const f = fixture(t);
  const { id, digests } = hashOf(pattern(1000));
  put(f.parent, id, Buffer.alloc(1000));
  put(f.parent, id, digests, 'leaves');
  assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
  assert.equal(f.opened(id), 1);
});

const badSidecars: Readonly<Record<string, (path: string, digests: Buffer) => void>> = {
  'with a wrong bit': (path, digests) =>
    putAt(path, Buffer.from(digests.map((byte, index) => byte ^ +!index))),
  'that is too short': (path, digests) => putAt(path, digests.subarray(1)),
  'that is empty': (path) => putAt(path, Buffer.alloc(0)),
  'that is a symbolic link': (path, digests) => {
    putAt(`${path}-real`, digests);
    symlinkSync(`${path}-real`, path);
  },
  'that is a FIFO': (path) => execFileSync('mkfifo', [path]),
  'that is a folder': (path) => mkdirSync(path),
};
const putAt = (path: string, bytes: Uint8Array): void => writeFileSync(path, bytes);

for (const [what, make] of Object.entries(badSidecars)) {
  test(`a sidecar ${what} is passed over, and the blob is hashed`, async (t) => {
    const f = fixture(t);
    const bytes = pattern(1000);
    const { id, digests } = hashOf(bytes);
    put(f.parent, id, bytes);
    const path = pathOf(f.parent, id, 'leaves');
    mkdirSync(dirname(path), { recursive: true });
    make(path, digests);
    assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
    assert.equal(f.opened(id), 2);
    assert.equal(openUnder(f.parent), 0);
  });
}

test('a blob whose content is not what its id says is corrupt, until it is repaired', async (t) => {
  const f = fixture(t);
  const bytes = pattern(1000);
  const { id, digests } = hashOf(bytes);
  put(f.parent, id, pattern(1000, 1));
  assert.equal(await ask(f, id).answer, 'corrupt');
  put(f.parent, id, bytes);
  assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
});

test('a blob that is not here has no leaves, even where they are still in memory', async (t) => {
  const f = fixture(t);
  const bytes = pattern(1000);
  const { id, digests } = hashOf(bytes);
  assert.equal(await ask(f, id).answer, null);
  const path = put(f.parent, id, bytes);
  assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
  renameSync(path, `${path}-away`);
  assert.equal(await ask(f, id).answer, null);
  renameSync(`${path}-away`, path);
  assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
});

test('all who wait for a blob get what was hashed once, also when one of them leaves', async (t) => {
  const f = fixture(t);
  const bytes = pattern(1000);
  const { id, digests } = hashOf(bytes);
  put(f.parent, id, bytes);
  const asks = Array.from({ length: 5 }, () => ask(f, id));
  asks[0]?.leave();
  await assert.rejects(asks[0]?.answer ?? assert.fail(), LEFT);
  for (const { answer } of asks.slice(1)) assert.deepEqual(digestsOf(await answer), digests);
  assert.equal(f.opened(id), 2);
});

test('one blob is hashed, eight wait, and one more is refused', async (t) => {
  assert.equal(LEAVES_WAITING, 8);
  const f = fixture(t);
  const release = f.hold();
  const asks = askForMany(f, 1 + LEAVES_WAITING + 1);
  const refused = await firstBusy(asks);
  assert.equal(asks.filter(({ id }) => f.opened(id) === 2).length, 1);
  // Those who wait keep no drive from being unmounted.
  assert.equal(openUnder(f.parent), 0);
  release();
  for (const one of asks.filter((other) => other !== refused)) {
    assert.equal(digestsOf(await one.answer).length, 30);
  }
  assert.equal(digestsOf(await ask(f, refused.id).answer).length, 30);
});

test('who leaves while waiting makes room, and is not hashed', async (t) => {
  const f = fixture(t, { waiting: 1 });
  const release = f.hold();
  const asks = askForMany(f, 3);
  const refused = await firstBusy(asks);
  const waiting = asks.find((one) => one !== refused && f.opened(one.id) === 1) ?? assert.fail();
  const running = asks.find((one) => f.opened(one.id) === 2) ?? assert.fail();
  waiting.leave();
  await assert.rejects(waiting.answer, LEFT);
  const again = ask(f, refused.id);
  release();
  assert.equal(digestsOf(await running.answer).length, 30);
  assert.equal(digestsOf(await again.answer).length, 30);
  assert.equal(f.opened(waiting.id), 1);
});

test('what nobody waits for any more is dropped, and the next has its turn', async (t) => {
  const f = fixture(t, { waiting: 1 });
  const release = f.hold();
  const asks = askForMany(f, 3);
  const refused = await firstBusy(asks);
  const running = asks.find((one) => f.opened(one.id) === 2) ?? assert.fail();
  const waiting = asks.find((one) => one !== refused && one !== running) ?? assert.fail();
  running.leave();
  await assert.rejects(running.answer, LEFT);
  release();
  assert.equal(digestsOf(await waiting.answer).length, 30);
  // It was not finished behind the back of those who left: the blob is hashed now.
  assert.equal(digestsOf(await ask(f, running.id).answer).length, 30);
  assert.equal(f.opened(running.id), 4);
});

test('memory holds what fits: the digests used last, and none of a blob that has more than fit', async (t) => {
  const f = fixture(t, { cacheBytes: 30 });
  const [one, other] = [hashOf(pattern(10)), hashOf(pattern(11))];
  put(f.parent, one.id, pattern(10));
  put(f.parent, other.id, pattern(11));
  for (const { id, digests } of [one, one, other, one])
    assert.deepEqual(digestsOf(await ask(f, id).answer), digests);
  assert.deepEqual([f.opened(one.id), f.opened(other.id)], [5, 2]);

  const large = anyId('large');
  truncateSync(put(f.parent, large, Buffer.alloc(1)), LEAF_BYTES + 1);
  assert.equal(await ask(f, large).answer, null);
  truncateSync(pathOf(f.parent, large), LEAF_BYTES);
  assert.equal(await ask(f, large).answer, 'corrupt');
});

test('who asks with a signal that was aborted before gets its reason, and nothing is opened', async (t) => {
  const f = fixture(t);
  const { id } = hashOf(pattern(10));
  await assert.rejects(f.leaves.leavesOf(id, AbortSignal.abort(LEFT)), LEFT);
  assert.equal(f.opened(id), 0);
});

test('after close, who waits is told so', async (t) => {
  const f = fixture(t);
  const release = f.hold();
  const asks = askForMany(f, 3);
  const ended = Promise.all(asks.map(({ answer }) => assert.rejects(answer)));
  await f.leaves.close();
  release();
  await ended;
});
