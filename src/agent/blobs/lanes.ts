// The lanes of each peer: each asks for one leaf at a time, checks it while it comes, and has it written when it is right.
import { PeerFailed, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import type { LeafTask, LeafWork } from '../../core/fetch/leaf-work.js';
import { ID_BYTES, type BlobId, type DeviceId } from '../../core/ids.js';
import { LEAF_BYTES, leafLengthOf, startLeaf } from '../../core/skein/hashing.js';
import { createSkein } from '../../core/skein/skein.js';
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

/** One on its way while another is checked and written, and a third asked for; 8 MiB of memory each. */
const LANES = 3;
/** After a failure that may pass, such as a link that is gone. */
const REST_MS = 1000;

export function createLanes(options: LanesOptions): Lanes {
  const { client, work, blobOf } = options;
  const peers = new Map<DeviceId, AbortController>();
  const waiting = new Set<() => void>();
  const running = new Set<Promise<void>>();

  async function lane(device: DeviceId, signal: AbortSignal): Promise<void> {
    const skein = createSkein();
    while (!signal.aborted) {
      const task = work.next(device);
      if (task === null) await untilWoken(signal);
      else await run(device, task, skein, signal);
    }
  }

  async function run(
    device: DeviceId,
    task: LeafTask,
    skein: ReturnType<typeof createSkein>,
    signal: AbortSignal,
  ): Promise<void> {
    const blob = blobOf(task.id);
    if (blob === null) {
      work.failed(task);
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(leafLengthOf(blob.size, task.index));
    const outcome = await read(device, task, bytes, skein, signal);
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
    into: Uint8Array,
    skein: ReturnType<typeof createSkein>,
    signal: AbortSignal,
  ): Promise<'good' | 'bad' | 'not-there' | 'failed'> {
    const leaf = startLeaf(skein, index);
    const onBytes = (bytes: Uint8Array): void => {
      leaf.update(bytes);
      options.onBytes(id, device, bytes.length);
    };
    try {
      await client.readPart({ device, id, start: index * LEAF_BYTES, into, onBytes }, signal);
    } catch (error) {
      if (!(error instanceof PeerFailed)) throw error;
      return error.status === 404 ? 'not-there' : 'failed';
    }
    const expected = blobOf(id)?.digests.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
    return expected !== undefined && Buffer.compare(leaf.finish(), expected) === 0 ? 'good' : 'bad';
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
      for (let index = 0; index < LANES; index++) {
        const one = lane(device, gone.signal);
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
