// Brings missing blobs: finds out who has them, opens a few at a time, has their leaves fetched by the lanes of all
// peers, and puts each into its store when it is whole.
import { createLeafThreads, type LeafThreads } from '../../adapters/files/leaf-threads.js';
import type { PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { createLeafWork, type LeafTask } from '../../core/fetch/leaf-work.js';
import { classOf, type FetchRules, type Hold } from '../../core/fetch/rules.js';
import type { Wanted } from '../../core/fetch/wanted.js';
import type { BlobId, DeviceId } from '../../core/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import { leafLengthOf } from '../../core/skein/hashing.js';
import { createLanes } from './lanes.js';
import { missingBytes, openBlob, type OpenedBlob } from './open-blob.js';
import { createRates, type Rates } from './rates.js';
import { createReservations } from './reservations.js';
import { createSources, type FetchPeer } from './sources.js';

export type FetchEvent =
  | {
      readonly event: 'file-fetched';
      readonly id: BlobId;
      readonly bytes: number;
      readonly database: string | null;
    }
  /** It sent what is not what the id says, and is asked for no file any more. */
  | { readonly event: 'bad-source'; readonly deviceId: DeviceId; readonly id: BlobId }
  | { readonly event: 'file-held'; readonly id: BlobId; readonly hold: Hold }
  | { readonly event: 'file-not-written'; readonly id: BlobId; readonly reason: string };

export interface FetcherContext {
  readonly client: PeerClient;
  readonly wanted: Wanted;
  readonly stores: readonly string[];
  readonly rules: FetchRules;
  readonly policy: () => Policy;
  /** Bytes here of blobs that count on the quota. */
  readonly quotaUsedBytes: () => number;
  readonly onStored: (id: BlobId, size: number, databases: ReadonlySet<string>) => void;
  readonly onEvent: (event: FetchEvent) => void;
  readonly nowMs: () => number;
}

export interface ActiveBlob {
  readonly id: BlobId;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly sources: readonly DeviceId[];
}

export interface Fetcher {
  setPeers(peers: readonly FetchPeer[]): void;
  /** A blob was added to what is wanted, or is demanded now. */
  consider(id: BlobId): void;
  active(): ActiveBlob[];
  held(): ReadonlyMap<BlobId, Hold>;
  hasSource(id: BlobId): boolean;
  readonly dropped: ReadonlySet<DeviceId>;
  readonly rates: Rates;
  close(): Promise<void>;
}

interface Active extends OpenedBlob {
  remainingBytes: number;
  readonly from: Set<DeviceId>;
}

/** Small files wait for the network most of the time. */
const MAX_ACTIVE = 8;
const HASH_THREADS = 2;
const HASH_IDLE_MS = 10_000;
/** What did not work, or had no room, is tried again. */
const RETRY_MS = 15_000;

export function createFetcher(context: FetcherContext): Fetcher {
  const { client, wanted, onEvent, nowMs } = context;
  const threads: LeafThreads = createLeafThreads(HASH_THREADS, HASH_IDLE_MS);
  const work = createLeafWork();
  const rates = createRates(nowMs);
  const active = new Map<BlobId, Active | null>();
  const ready = new Set<BlobId>();
  const held = new Map<BlobId, Hold>();
  const opening = new Set<Promise<void>>();
  const closing = new AbortController();

  const onBadSource = (device: DeviceId, id: BlobId): void => {
    if (sources.dropped.has(device)) return;
    onEvent({ event: 'bad-source', deviceId: device, id });
    work.dropSource(device);
    sources.drop(device);
    void settleStranded();
  };
  const onNotThere = (device: DeviceId, id: BlobId): void => {
    sources.forget(device, id);
    work.dropSource(device, id);
    void settleStranded();
  };
  const sources = createSources({
    ...{ client, wanted, nowMs },
    onFound(id, device) {
      if (active.has(id)) work.addSource(id, device);
      else ready.add(id);
      lanes.wake();
      fill();
    },
    onPeer(device, isHere) {
      if (!isHere) work.dropSource(device);
      lanes.onPeer(device, isHere);
      void settleStranded();
    },
  });
  const lanes = createLanes({
    ...{ client, work, threads, onBadSource, onNotThere, onLeaf },
    blobOf: (id) => active.get(id) ?? null,
    onBytes(id, device, count) {
      active.get(id)?.from.add(device);
      rates.add(device, count);
    },
    onFailed: () => void settleStranded(),
    onWriteFailed: (id, error) => giveUp(id, error),
  });

  const reservations = createReservations(context);

  function end(id: BlobId): void {
    active.delete(id);
    reservations.end(id);
  }

  function fill(): void {
    for (const id of ready) {
      if (active.size >= MAX_ACTIVE || closing.signal.aborted) return;
      ready.delete(id);
      const blob = wanted.get(id);
      const isWanted = blob !== null && classOf(blob, context.rules, context.policy()) !== 'on-demand';
      if (!isWanted || active.has(id) || sources.of(id).length === 0) continue;
      active.set(id, null);
      const opened = begin(id).catch((error: unknown) => giveUp(id, error as Error));
      opening.add(opened);
      void opened.finally(() => opening.delete(opened));
    }
  }

  async function begin(id: BlobId): Promise<void> {
    const opened = await openBlob(id, sources.of(id), {
      ...{ client, threads, onBadSource, onNotThere, chooseStore: choose, signal: closing.signal },
    });
    if (opened === null || 'hold' in opened || closing.signal.aborted) {
      end(id);
      if (opened !== null && 'hold' in opened) hold(id, opened.hold);
      else if (opened !== null) await opened.partial.close();
      fill();
      return;
    }
    held.delete(id);
    const remainingBytes = missingBytes(opened);
    active.set(id, { ...opened, remainingBytes, from: new Set() });
    reservations.set(id, remainingBytes);
    if (opened.partial.missing.length === 0) return publish(id);
    work.begin(id, opened.partial.missing, sources.of(id));
    lanes.wake();
    await settleStranded();
  }

  function choose(id: BlobId, size: number) {
    const blob = wanted.get(id);
    const kind = blob === null ? 'on-demand' : classOf(blob, context.rules, context.policy());
    return reservations.choose({ id, size, isDemanded: blob?.isDemanded ?? false, class: kind });
  }

  function hold(id: BlobId, why: Hold): void {
    if (held.get(id) !== why) onEvent({ event: 'file-held', id, hold: why });
    if (wanted.get(id) !== null) held.set(id, why);
  }

  async function onLeaf(task: LeafTask): Promise<void> {
    const blob = active.get(task.id) ?? null;
    if (blob === null) return;
    blob.remainingBytes -= leafLengthOf(blob.size, task.index);
    reservations.set(task.id, blob.remainingBytes);
    if (work.finished(task)) await publish(task.id);
  }

  async function publish(id: BlobId): Promise<void> {
    const blob = active.get(id) ?? null;
    if (blob === null) return;
    await blob.partial.publish();
    end(id);
    const databases = wanted.get(id)?.databases ?? new Set<string>();
    wanted.remove(id);
    context.onStored(id, blob.size, databases);
    onEvent({ event: 'file-fetched', id, bytes: blob.size, database: [...databases][0] ?? null });
    fill();
  }

  /** Blobs that nobody is left to ask for: what they have stays on the disk for the next time. */
  async function settleStranded(): Promise<void> {
    for (const id of work.takeStranded()) {
      const blob = active.get(id);
      end(id);
      await blob?.partial.close();
      ready.add(id);
    }
    fill();
  }

  function giveUp(id: BlobId, error: Error): void {
    const blob = active.get(id);
    work.forget(id);
    end(id);
    void blob?.partial.close();
    if (!closing.signal.aborted) onEvent({ event: 'file-not-written', id, reason: error.message });
  }

  const timer = setInterval(() => {
    for (const { id } of wanted.list()) if (!active.has(id) && sources.of(id).length > 0) ready.add(id);
    fill();
  }, RETRY_MS);

  return {
    setPeers: (peers) => sources.setPeers(peers),
    consider(id) {
      if (sources.of(id).length === 0) return;
      ready.add(id);
      fill();
    },
    active: () => [...active].flatMap(([id, blob]) => (blob === null ? [] : [describe(id, blob)])),
    held: () => held,
    hasSource: (id) => sources.of(id).length > 0,
    dropped: sources.dropped,
    rates,
    async close() {
      clearInterval(timer);
      closing.abort();
      await sources.close();
      await lanes.close();
      await Promise.all(opening);
      for (const blob of active.values()) await blob?.partial.close();
      await threads.close();
    },
  };
}

const describe = (id: BlobId, { size, remainingBytes, from }: Active): ActiveBlob => ({
  id,
  bytes: size - remainingBytes,
  totalBytes: size,
  sources: [...from],
});
