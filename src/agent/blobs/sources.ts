// Who has which of the wanted blobs: asked of each peer (`have`), as often as its gateway lets us, and never guessed.
import { PeerFailed, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { mayAsk } from '../../core/fetch/rules.js';
import type { Wanted } from '../../core/fetch/wanted.js';
import type { BlobId, DeviceId } from '../../core/ids.js';
import type { Role } from '../../core/policy/policy.js';
import { sleep } from '../wait.js';

export interface FetchPeer {
  readonly deviceId: DeviceId;
  /** By this device's own policy. */
  readonly role: Role;
}

export interface Sources {
  /** Those that can be reached now. */
  setPeers(peers: readonly FetchPeer[]): void;
  /** Peers that said they have it. */
  of(id: BlobId): DeviceId[];
  /** It turned out not to have it. */
  forget(device: DeviceId, id: BlobId): void;
  /** It sent what is wrong: it is asked for nothing more while this process lives. */
  drop(device: DeviceId): void;
  readonly dropped: ReadonlySet<DeviceId>;
  close(): Promise<void>;
}

export interface SourcesOptions {
  readonly client: Pick<PeerClient, 'have'>;
  readonly wanted: Wanted;
  readonly onFound: (id: BlobId, device: DeviceId) => void;
  readonly onPeer: (device: DeviceId, isHere: boolean) => void;
  readonly nowMs: () => number;
}

interface Known {
  role: Role;
  /** When it said no, for ids of which it did; null where it said yes. */
  readonly answers: Map<BlobId, number | null>;
  readonly gone: AbortController;
  asking: Promise<void>;
}

/** As many as a gateway takes in one request, and in a minute: with a seventh to spare. */
const BATCH = 1000;
const MS_PER_ID = 7;
const LOOK_MS = 500;
/** What a peer does not have now, it may have later. */
const ASK_AGAIN_MS = 30_000;

export function createSources({ client, wanted, onFound, onPeer, nowMs }: SourcesOptions): Sources {
  const peers = new Map<DeviceId, Known>();
  const dropped = new Set<DeviceId>();

  async function askAll(device: DeviceId, known: Known): Promise<void> {
    const { signal } = known.gone;
    while (!signal.aborted) {
      const ids = idsToAsk(known);
      if (ids.length > 0) await askOnce(device, known, ids);
      await sleep(Math.max(LOOK_MS, ids.length * MS_PER_ID), signal);
    }
  }

  function idsToAsk({ role, answers }: Known): BlobId[] {
    const ids: BlobId[] = [];
    for (const id of answers.keys()) if (wanted.get(id) === null) answers.delete(id);
    for (const blob of wanted.list()) {
      const answer = answers.get(blob.id);
      const isOpen = answer === undefined || (answer !== null && nowMs() - answer > ASK_AGAIN_MS);
      if (isOpen && mayAsk(role, blob)) ids.push(blob.id);
      if (ids.length === BATCH) break;
    }
    return ids;
  }

  async function askOnce(device: DeviceId, { answers, gone }: Known, ids: readonly BlobId[]): Promise<void> {
    try {
      const have = new Set(await client.have(device, ids, gone.signal));
      for (const id of ids) answers.set(id, have.has(id) ? null : nowMs());
      for (const id of have) if (!gone.signal.aborted) onFound(id, device);
    } catch (error) {
      // Asked again in its turn.
      if (!(error instanceof PeerFailed)) throw error;
    }
  }

  function remove(device: DeviceId): void {
    const known = peers.get(device);
    if (known === undefined) return;
    peers.delete(device);
    known.gone.abort();
    onPeer(device, false);
  }

  function add({ deviceId, role }: FetchPeer): void {
    const known: Known = { role, answers: new Map(), gone: new AbortController(), asking: Promise.resolve() };
    peers.set(deviceId, known);
    onPeer(deviceId, true);
    known.asking = askAll(deviceId, known);
  }

  return {
    setPeers(present) {
      const here = new Map(present.map((peer) => [peer.deviceId, peer]));
      for (const device of [...peers.keys()]) if (!here.has(device)) remove(device);
      for (const peer of present) {
        const known = peers.get(peer.deviceId);
        if (known !== undefined) known.role = peer.role;
        else if (!dropped.has(peer.deviceId)) add(peer);
      }
    },
    of: (id) => [...peers].filter(([, { answers }]) => answers.get(id) === null).map(([device]) => device),
    forget: (device, id) => void peers.get(device)?.answers.set(id, nowMs()),
    drop(device) {
      dropped.add(device);
      remove(device);
    },
    dropped,
    async close() {
      const asking = [...peers.values()].map((known) => known.asking);
      for (const device of [...peers.keys()]) remove(device);
      await Promise.all(asking);
    },
  };
}
