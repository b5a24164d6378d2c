// The lanes of each peer: each asks for one leaf at a time, has a thread check it, and has it written when it is right.
import type { LeafThreads } from '../../adapters/files/leaf-threads.js';
import { PeerFailed, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import type { LeafTask, LeafWork } from '../../core/fetch/leaf-work.js';
import { ID_BYTES, type BlobId, type DeviceId } from '../../core/ids.js';
import { LEAF_BYTES, leafLengthOf } from '../../core/skein/hashing.js';
import { createGate, type Gate } from './gate.js';
import type { OpenedBlob } from './open-blob.js';

export interface Lanes {
  /** A peer is here, or is gone. */
  onPeer(device: DeviceId, isHere: boolean): void;
  /** There may be work. */
  wake(): void;
  close(): Promise<void>;
}

export interface LanesOptions {
  readonly client: Pick<PeerClient, 'readPart'>;
  readonly work: LeafWork;
  readonly threads: Pick<LeafThreads, 'digest'>;
  readonly blobOf: (id: BlobId) => OpenedBlob | null;
  readonly onBytes: (id: BlobId, device: DeviceId, count: number) => void;
  readonly onLeaf: (task: LeafTask) => Promise<void>;
  readonly onBadSource: (device: DeviceId, id: BlobId) => void;
  readonly onNotThere: (device: DeviceId, id: BlobId) => void;
  /** A leaf is to be fetched again, by whoever is left. */
  readonly onFailed: () => void;
  /** The disk does not take it. */
  readonly onWriteFailed: (id: BlobId, error: Error) => void;
}

/** 8 MiB of memory each. */
const LANES = 4;
/** Of these: while the others' are checked and written. All of them at once would be whole in the same moment. */
const ON_THEIR_WAY = 2;
/** After a failure that may pass, such as a link that is gone. */
const REST_MS = 1000;

export function createLanes(options: LanesOptions): Lanes {
  const { client, work, threads, blobOf } = options;
  const peers = new Map<DeviceId, AbortController>();
  const waiting = new Set<() => void>();
  const running = new Set<Promise<void>>();

  async function lane(device: DeviceId, gate: Gate, signal: AbortSignal): Promise<void> {
    // For all leaves of this lane, as long as there are any: new memory for each would have to be cleared each time.
    let room: SharedArrayBuffer | null = null;
    while (!signal.aborted) {
      const leave = await gate.enter();
      const task = work.next(device);
      if (task === null) {
        leave();
        room = null;
        await untilWoken(signal);
      } else await run(device, task, (room ??= new SharedArrayBuffer(LEAF_BYTES)), leave, signal);
    }
  }

  async function run(
    device: DeviceId,
    task: LeafTask,
    room: SharedArrayBuffer,
    leave: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const blob = blobOf(task.id);
    if (blob === null) {
      leave();
      work.failed(task);
      return;
    }
    const bytes = new Uint8Array(room, 0, leafLengthOf(blob.size, task.index));
    const missed = await read(device, task, bytes, signal).finally(leave);
    const outcome = missed ?? (await check(blob, task, bytes));
    if (outcome === 'good') return write(blob, task, bytes);
    work.failed(task);
    if (outcome === 'bad') options.onBadSource(device, task.id);
    if (outcome === 'not-there') options.onNotThere(device, task.id);
    options.onFailed();
    wake();
    if (outcome === 'failed') await rest(signal);
  }

  async function read(
    device: DeviceId,
    { id, index }: LeafTask,
    bytes: Uint8Array<SharedArrayBuffer>,
    signal: AbortSignal,
  ): Promise<'not-there' | 'failed' | null> {
    const part = { device, id, start: index * LEAF_BYTES, into: bytes };
    try {
      await client.readPart({ ...part, onBytes: (count) => options.onBytes(id, device, count) }, signal);
    } catch (error) {
      if (!(error instanceof PeerFailed)) throw error;
      return error.status === 404 ? 'not-there' : 'failed';
    }
    return null;
  }

  async function check(
    { digests }: OpenedBlob,
    { index }: LeafTask,
    bytes: Uint8Array<SharedArrayBuffer>,
  ): Promise<'good' | 'bad' | 'failed'> {
    // A thread that breaks says nothing about the bytes.
    const digest = await threads.digest({ index, bytes }).catch(() => null);
    if (digest === null) return 'failed';
    const expected = digests.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
    return Buffer.compare(digest, expected) === 0 ? 'good' : 'bad';
  }

  async function write(blob: OpenedBlob, task: LeafTask, bytes: Uint8Array): Promise<void> {
    try {
      await blob.partial.write(task.index, bytes);
      await options.onLeaf(task);
    } catch (error) {
      work.failed(task);
      options.onWriteFailed(task.id, error as Error);
    }
  }

  function wake(): void {
    for (const resolve of waiting) resolve();
    waiting.clear();
  }
  const untilWoken = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else waiting.add(resolve);
    });
  const rest = async (signal: AbortSignal): Promise<void> => {
    const timer = setTimeout(wake, REST_MS);
    await untilWoken(signal);
    clearTimeout(timer);
  };

  return {
    onPeer(device, isHere) {
      peers.get(device)?.abort();
      peers.delete(device);
      wake();
      if (!isHere) return;
      const gone = new AbortController();
      peers.set(device, gone);
      const gate = createGate(ON_THEIR_WAY);
      for (let index = 0; index < LANES; index++) {
        const one = lane(device, gate, gone.signal);
        running.add(one);
        void one.finally(() => running.delete(one));
      }
    },
    wake,
    async close() {
      for (const gone of peers.values()) gone.abort();
      wake();
      await Promise.all(running);
    },
  };
}
