// Which peers are there, whose they are, and what they offer: told by the gateway's events and by asking. Events are
// hints; what a peer counts as, this device's own policy says (core/policy/role-of.ts). A database counts as offered when
// the peer has shown it: one whose launcher does not know what exists lists whatever its policy names.
import { setMaxListeners } from 'node:events';
import { PeerFailed, type PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { parseDeviceId, type DeviceId } from '../../core/ids.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import type { SeenEvent } from '../gateway-events.js';

export interface WatchedPeer {
  readonly deviceId: DeviceId;
  /** Null before its leaf was judged. */
  readonly leaf: KnownLeaf | null;
  readonly isHere: boolean;
  /** Those wanted here that it gives this device to read, and has. */
  readonly offers: readonly string[];
}

export interface PeerWatch {
  note(event: SeenEvent): void;
  list(): readonly WatchedPeer[];
  /** Pulling this from the peer failed: perhaps it is not there any more. */
  doubt(device: DeviceId, database: string): void;
  close(): Promise<void>;
}

export interface PeerWatchOptions {
  readonly client: Pick<PeerClient, 'databases' | 'hasDatabase'>;
  /** Whether this database would be pulled from anyone. */
  readonly isWanted: (database: string) => boolean;
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
  /** Databases that it has shown; since pulling it failed, one of them is only believed until it is asked for anew. */
  readonly shown: Map<string, 'sure' | 'doubted'>;
};
type Principal = Extract<SeenEvent, { event: 'connected' }>['principal'];

export function createPeerWatch({ client, ownId, known, isWanted, onChange }: PeerWatchOptions): PeerWatch {
  const peers = new Map<DeviceId, Entry>();
  const closing = new AbortController();
  // Each peer is asked at the same time as the others.
  setMaxListeners(MAX_WATCHED, closing.signal);
  const asking = new Set<Promise<void>>();

  function entryOf(text: string): Entry | null {
    const deviceId = parseDeviceId(text);
    if (deviceId === null || deviceId === ownId()) return null;
    const entry = peers.get(deviceId);
    if (entry !== undefined || peers.size >= MAX_WATCHED) return entry ?? null;
    const made: Entry = {
      ...{ deviceId, leaf: null, isHere: false, offers: [] },
      ...{ isAsking: false, isAskedAgain: false, shown: new Map() },
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
    const listed = await client.databases(entry.deviceId, closing.signal).catch(offersOf);
    const offers = listed === null ? null : await shownOf(entry, listed);
    entry.isAsking = false;
    set(entry, offers !== null, offers ?? entry.offers);
    const again = entry.isAskedAgain;
    entry.isAskedAgain = false;
    if (again) ask(entry);
  }

  /** One that is not shown is asked for again at the next look; one that was is, unless the peer says that it is not. */
  async function shownOf({ deviceId, shown }: Entry, listed: readonly string[]): Promise<string[]> {
    const wanted = [...new Set(listed)].filter(isWanted);
    for (const name of wanted) {
      if (shown.get(name) === 'sure') continue;
      const isThere = await client.hasDatabase(deviceId, name, closing.signal).catch(unanswered);
      if (isThere === true) shown.set(name, 'sure');
      if (isThere === false) shown.delete(name);
    }
    for (const name of shown.keys()) if (!wanted.includes(name)) shown.delete(name);
    return wanted.filter((name) => shown.has(name));
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
    doubt(device, database) {
      const shown = peers.get(device)?.shown;
      if (shown?.has(database) === true) shown.set(database, 'doubted');
    },
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

/** Its CouchDB may be away, or the connection broke. */
function unanswered(error: unknown): null {
  if (!(error instanceof PeerFailed)) throw error;
  return null;
}

const AWAY = new Set([502, 503, 504]);

/** It is away; or it is there, and offers nothing. */
function offersOf(error: unknown): readonly string[] | null {
  if (!(error instanceof PeerFailed)) throw error;
  return error.status === null || error.status === 404 || AWAY.has(error.status) ? null : [];
}
