// Which peers are there, whose they are, and what they offer: told by the gateway's events and by asking. Events are
// hints; what a peer counts as, this device's own policy says (core/policy/role-of.ts).
import { PeerFailed, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { parseDeviceId, type DeviceId } from '../../core/ids.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import type { SeenEvent } from '../gateway-events.js';

export interface WatchedPeer {
  readonly deviceId: DeviceId;
  /** Null before its leaf was judged. */
  readonly leaf: KnownLeaf | null;
  readonly isHere: boolean;
  readonly offers: readonly string[];
}

export interface PeerWatch {
  note(event: SeenEvent): void;
  list(): readonly WatchedPeer[];
  close(): Promise<void>;
}

export interface PeerWatchOptions {
  readonly client: Pick<PeerClient, 'databases'>;
  readonly ownId: () => DeviceId;
  /** Devices to look for, whether or not they were seen. */
  readonly known: () => Iterable<DeviceId>;
  readonly onChange: () => void;
}

/** More than any household has; whoever is on a link can make names up. */
const MAX_WATCHED = 256;
/** How often a peer is asked for databases that are new, and one that is away whether it is back. */
const LOOK_MS = 3000;

type Entry = { -readonly [Key in keyof WatchedPeer]: WatchedPeer[Key] } & {
  isAsking: boolean;
  isAskedAgain: boolean;
};
type Principal = Extract<SeenEvent, { event: 'connected' }>['principal'];

export function createPeerWatch({ client, ownId, known, onChange }: PeerWatchOptions): PeerWatch {
  const peers = new Map<DeviceId, Entry>();
  const closing = new AbortController();
  const asking = new Set<Promise<void>>();

  function entryOf(text: string): Entry | null {
    const deviceId = parseDeviceId(text);
    if (deviceId === null || deviceId === ownId()) return null;
    const entry = peers.get(deviceId);
    if (entry !== undefined || peers.size >= MAX_WATCHED) return entry ?? null;
    const made: Entry = {
      ...{ deviceId, leaf: null, isHere: false, offers: [] },
      ...{ isAsking: false, isAskedAgain: false },
    };
    peers.set(deviceId, made);
    return made;
  }

  function ask(entry: Entry): void {
    if (closing.signal.aborted) return;
    if (entry.isAsking) entry.isAskedAgain = true;
    else track(askNow(entry));
  }
  function track(asked: Promise<void>): void {
    asking.add(asked);
    void asked.finally(() => asking.delete(asked));
  }

  async function askNow(entry: Entry): Promise<void> {
    entry.isAsking = true;
    const offers = await client.databases(entry.deviceId, closing.signal).catch(offersOf);
    entry.isAsking = false;
    set(entry, offers !== null, offers ?? entry.offers);
    const again = entry.isAskedAgain;
    entry.isAskedAgain = false;
    if (again) ask(entry);
  }

  function set(entry: Entry, isHere: boolean, offers: readonly string[]): void {
    const isSame = entry.isHere === isHere && JSON.stringify(entry.offers) === JSON.stringify(offers);
    Object.assign(entry, { isHere, offers });
    if (!isSame) onChange();
  }

  function judged(principal: Principal): void {
    const entry = entryOf(principal.deviceId);
    if (entry === null) return;
    const leaf = leafOf(entry.deviceId, principal);
    const isNew = JSON.stringify(leaf) !== JSON.stringify(entry.leaf);
    entry.leaf = leaf;
    if (isNew) onChange();
    ask(entry);
  }

  function lookAll(): void {
    for (const device of known()) entryOf(device);
    for (const entry of peers.values()) ask(entry);
  }
  const timer = setInterval(lookAll, LOOK_MS);
  lookAll();

  return {
    note(event) {
      if (event.event === 'connected' || event.event === 'peer-reached') judged(event.principal);
      if (event.event === 'peer-seen' && event.deviceId !== null) {
        const entry = entryOf(event.deviceId);
        if (entry !== null) ask(entry);
      }
      if (event.event === 'peer-unreached') {
        const entry = entryOf(event.deviceId);
        if (entry !== null) set(entry, false, entry.offers);
      }
    },
    list: () => [...peers.values()],
    async close() {
      clearInterval(timer);
      closing.abort();
      await Promise.all(asking);
    },
  };
}

const leafOf = (device: DeviceId, { issuer, cert }: Principal): KnownLeaf => ({
  device,
  issuer: issuer ?? null,
  cert: cert ?? null,
});

const AWAY = new Set([502, 503, 504]);

/** It is away; or it is there, and offers nothing. */
function offersOf(error: unknown): readonly string[] | null {
  if (!(error instanceof PeerFailed)) throw error;
  return error.status === null || error.status === 404 || AWAY.has(error.status) ? null : [];
}
