// Nothing stays of what was abandoned, refused or replaced: memory, descriptors, sockets and timers are flat.
//   LEAK_TIMES=10000 node scripts/test.js faults/leaks     as often as that, instead of a few hundred times
import assert from 'node:assert/strict';
import { createSecureContext } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import type { BlobId } from '../../dist/core/ids.js';
import { hashOf, makeStore, pattern, put } from '../integration/files/temp-store.js';
import { createEnv, tlsOf } from '../kit/env.js';
import { createTestPki, type TestLeaf } from '../kit/pki.js';
import { connectRaw, get } from '../kit/raw-client.js';
import { startStreamingUpstream, type StreamingUpstream } from '../kit/streaming-upstream.js';
import { eventually } from '../kit/until.js';
import { startWatched, type Held, type WatchedGateway } from '../kit/watch.js';

const TIMES = Number(process.env['LEAK_TIMES'] ?? 300);
const LANES = 6;
/** What caches and tables may take until they are full, and what each time may leave. */
const SLACK_BYTES = 1_500_000;
const BYTES_EACH = 500;

const pki = createTestPki();
const tls = (leaf: TestLeaf) => ({ secureContext: createSecureContext(tlsOf(leaf)) });
const [desktop, stranger] = [tls(pki.ada.desktop), tls(pki.stranger.laptop)];

let upstream: StreamingUpstream;
let feeds = 0;
before(async () => {
  upstream = await startStreamingUpstream();
  upstream.handle = (_, response) => {
    feeds += 1;
    response.once('close', () => (feeds -= 1));
    response.writeHead(200, { 'content-type': 'application/json' }).write('\n');
  };
});
after(() => upstream.close());

const envOf = (stores: readonly string[]) =>
  createEnv({ pki, couchUrl: upstream.url, stores, limits: { strangers: 4096, strangersPerAddress: 4096 } });

async function times(count: number, once: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await once();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Asks for something large or endless, and leaves when it has begun to come. */
async function abandon(gateway: WatchedGateway, target: string): Promise<void> {
  const client = connectRaw(gateway.port, desktop);
  client.write(get(target));
  await client.until((bytes) => bytes.includes('\r\n\r\n'));
  client.socket.destroy();
  await client.closed;
}

const connectionsOf = async (gateway: WatchedGateway): Promise<number> => {
  const { connections } = (await gateway.call('status')) as { connections: readonly unknown[] };
  return connections.length;
};

/** Fails unless `held` is what it was `before0`, but for what `count` times may leave. */
function assertFlat(before0: Held, held: Held, count: number): void {
  const kinds = new Set([...Object.keys(before0.resources), ...Object.keys(held.resources)]);
  for (const kind of kinds) {
    const grown = (held.resources[kind] ?? 0) - (before0.resources[kind] ?? 0);
    assert.ok(grown <= 2, `${grown} more of ${kind}`);
  }
  assert.ok(
    held.descriptors <= before0.descriptors + 2,
    `${held.descriptors - before0.descriptors} descriptors more`,
  );
  const grown = held.heapBytes - before0.heapBytes;
  assert.ok(grown < SLACK_BYTES + BYTES_EACH * count, `${grown} bytes more after ${count} times`);
}

async function settled(gateway: WatchedGateway): Promise<Held> {
  await eventually(async () => ((await connectionsOf(gateway)) === 0 ? true : null));
  await eventually(() => (feeds === 0 ? true : null));
  return gateway.held();
}

async function judge(gateway: WatchedGateway, count: number, once: () => Promise<void>): Promise<void> {
  // What is made at first use, and kept for good.
  await times(Math.min(100, count), once);
  const before0 = await settled(gateway);
  await times(count, once);
  assertFlat(before0, await settled(gateway), count);
}

describe('nothing is left of', () => {
  test(`${TIMES} downloads that were abandoned`, async (t) => {
    const store = makeStore(t);
    const bytes = pattern(2 * 1024 * 1024);
    const { id }: { id: BlobId } = hashOf(bytes);
    put(store, id, bytes);
    const gateway = await startWatched(t, envOf([store]));
    await judge(gateway, TIMES, () => abandon(gateway, `/files/${id}`));
    assert.equal(await gateway.stop(), 0);
  });

  test(`${TIMES} feeds that were abandoned`, async (t) => {
    const gateway = await startWatched(t, envOf([]));
    await judge(gateway, TIMES, () => abandon(gateway, '/couch/dmedia-0/_changes?feed=continuous'));
    assert.equal(await gateway.stop(), 0);
  });

  test(`${TIMES} handshakes of strangers`, async (t) => {
    const gateway = await startWatched(t, envOf([]));
    await judge(gateway, TIMES, () => connectRaw(gateway.port, stranger).closed);
    assert.equal(await gateway.stop(), 0);
  });

  test(`${TIMES / 10} reloads`, async (t) => {
    const env = envOf([]);
    const gateway = await startWatched(t, env);
    const { policy, couchdb } = env;
    await judge(gateway, TIMES / 10, async () => {
      await gateway.call('reload', { policy, couchdb });
    });
    assert.equal(await gateway.stop(), 0);
  });
});

test('a gateway that keeps something of every connection is found out', async (t) => {
  const gateway = await startWatched(t, envOf([]), { leaks: true });
  await assert.rejects(
    judge(gateway, Math.max(TIMES, 600), () => connectRaw(gateway.port, stranger).closed),
    assert.AssertionError,
  );
  assert.equal(await gateway.stop(), 0);
});
