// The table of what was seen on the links: a state machine that is told hints, outcomes and the time, and never asks.
// All that it holds are hints; it is bounded whatever strangers say.
import type { DeviceId } from '../ids.js';
import type { AddressOutcome, PeerAddress } from './addresses.js';
import { addressKey, entryKey, type Entry, type Standing } from './entry.js';
import type { InstanceName } from './instance-name.js';
import { createRests } from './rests.js';
import { decideRoom } from './room.js';
import { renewalsDue } from './schedule.js';

export interface SeenTable {
  /** An instance at an address, for `ttlMs`; false where there is no room for it. */
  hint(instance: InstanceName, address: PeerAddress, ttlMs: number, now: number): boolean;
  /** Whether the instance is held from that address, on whatever port. */
  has(instance: InstanceName, zone: string, address: string): boolean;
  /** The instance says from that address that it goes, on whatever port. */
  goodbye(instance: InstanceName, zone: string, address: string, now: number): void;
  linkGone(zone: string): void;
  /** Drops what is past its time, but for live connections. */
  expire(now: number): void;
  /** Asks anew which device each name is of: names of the day changed, or a device became known. */
  rematch(): void;
  noteOutcome(deviceId: DeviceId, address: PeerAddress, outcome: AddressOutcome, now: number): void;
  /** Who is let in changed: a leaf that was wrong before may be right now. */
  forgetWrong(): void;
  /** The likeliest first; without those that rest. */
  addressesOf(deviceId: DeviceId, now: number): PeerAddress[];
  /** Whether names of that link are to be asked for again. */
  hasRenewals(zone: string, now: number): boolean;
  /** At most `max` of them, those of known devices first; they count as asked for. */
  takeRenewals(zone: string, max: number, now: number): InstanceName[];
  list(): readonly Readonly<Entry>[];
}

export function createSeenTable(deviceOf: (instance: InstanceName) => DeviceId | null): SeenTable {
  const entries = new Map<string, Entry>();
  const rests = createRests();
  const restKey = (deviceId: DeviceId, address: PeerAddress): string => `${deviceId} ${addressKey(address)}`;

  function enter(entry: Entry): boolean {
    const room = decideRoom(entry, [...entries.values()]);
    if (room === 'refused') return false;
    for (const evicted of room.evicted) entries.delete(entryKey(evicted));
    entries.set(entryKey(entry), entry);
    return true;
  }

  function dropIf(isGone: (entry: Entry) => boolean): void {
    for (const [key, entry] of entries) if (isGone(entry)) entries.delete(key);
  }

  const from = (instance: InstanceName, zone: string, source: string): Entry[] =>
    [...entries.values()].filter(
      ({ instance: name, address }) =>
        name === instance && address.zone === zone && address.address === source,
    );

  const toRenew = (zone: string, now: number): Entry[] =>
    [...entries.values()].filter(
      ({ address, heardAt, expiresAt, renewals }) =>
        address.zone === zone && renewalsDue(heardAt, expiresAt, now) > renewals,
    );

  const expire = (now: number): void => dropIf(({ expiresAt, isLive }) => expiresAt <= now && !isLive);

  return {
    hint(instance, address, ttlMs, now) {
      const seen = { instance, address, deviceId: deviceOf(instance) };
      const heard = { heardAt: now, expiresAt: now + ttlMs, renewals: 0 };
      const known = entries.get(entryKey(seen));
      if (known === undefined)
        return enter({ ...seen, ...heard, since: now, standing: 'new', isLive: false });
      Object.assign(known, heard);
      return true;
    },
    has: (instance, zone, source) => from(instance, zone, source).length > 0,
    goodbye(instance, zone, source, now) {
      for (const entry of from(instance, zone, source)) entry.expiresAt = now;
      expire(now);
    },
    linkGone: (zone) => dropIf(({ address }) => address.zone === zone),
    expire,
    rematch() {
      const changed = [...entries.values()].filter(
        ({ instance, deviceId }) => deviceOf(instance) !== deviceId,
      );
      for (const entry of changed) entries.delete(entryKey(entry));
      // They enter like anew, so that no device has more addresses than it may.
      for (const entry of changed) enter(Object.assign(entry, { deviceId: deviceOf(entry.instance) }));
    },
    noteOutcome(deviceId, address, outcome, now) {
      if (outcome === 'wrong-leaf') rests.add(restKey(deviceId, address), now);
      const key = addressKey(address);
      for (const entry of entries.values()) {
        if (entry.deviceId === deviceId && addressKey(entry.address) === key) note(entry, outcome);
      }
      expire(now);
    },
    forgetWrong() {
      rests.clear();
      for (const entry of entries.values()) if (entry.standing === 'wrong') entry.standing = 'new';
    },
    addressesOf: (deviceId, now) =>
      [...entries.values()]
        .filter((entry) => entry.deviceId === deviceId && !rests.has(restKey(deviceId, entry.address), now))
        .sort(byPromise)
        .map(({ address }) => address)
        .filter(isFirstOfItsKey),
    hasRenewals: (zone, now) => toRenew(zone, now).length > 0,
    takeRenewals(zone, max, now) {
      const due = toRenew(zone, now).sort(
        (a, b) => Number(a.deviceId === null) - Number(b.deviceId === null),
      );
      const taken = due.slice(0, max);
      for (const entry of taken) entry.renewals = renewalsDue(entry.heardAt, entry.expiresAt, now);
      return [...new Set(taken.map(({ instance }) => instance))];
    },
    list: () => [...entries.values()],
  };
}

const STANDINGS = {
  'right-leaf': 'proven',
  'wrong-leaf': 'wrong',
  unreachable: 'unreachable',
  'turns-away': 'turns-away',
} as const satisfies Partial<Record<AddressOutcome, Standing>>;

function note(entry: Entry, outcome: AddressOutcome): void {
  if (outcome === 'connected' || outcome === 'closed') entry.isLive = outcome === 'connected';
  else entry.standing = STANDINGS[outcome];
}

const ORDER: Record<Standing, number> = { proven: 0, new: 1, unreachable: 2, 'turns-away': 2, wrong: 3 };

const byPromise = (a: Entry, b: Entry): number =>
  Number(b.isLive) - Number(a.isLive) || ORDER[a.standing] - ORDER[b.standing] || b.heardAt - a.heardAt;

/** Around midnight one address has two names. */
const isFirstOfItsKey = (address: PeerAddress, index: number, all: readonly PeerAddress[]): boolean =>
  all.findIndex((other) => addressKey(other) === addressKey(address)) === index;
