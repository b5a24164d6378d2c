// What was learned of each address of one peer: how fast it is, and what went wrong there. It remembers as many
// addresses as a device may have, and those of live connections always.
import { addressKey, type DialAddress } from '../../core/peers/dial-address.js';
import type { LinkMeasures } from '../../core/peers/decide-link.js';

export interface LinkRecord {
  readonly address: DialAddress;
  roundTripMs: number | null;
  bytesPerMs: number | null;
  measuredAt: number;
  suspectUntil: number;
  /** In a row. */
  failures: number;
  /** Not dialled before this. */
  restsUntil: number;
  lastFailure: string | null;
  /** Dials in a row that its device ended before it answered. */
  turnsInARow: number;
  /** When the dial that is under way began. */
  dialledAt: number | null;
}

export interface LinkMemory {
  of(address: DialAddress): LinkRecord;
  measures(address: DialAddress): LinkMeasures;
  noteRoundTrip(address: DialAddress, ms: number): void;
  /** A reply of `bytes` came within `ms`, in which nothing but the link held it up. */
  noteTransfer(address: DialAddress, bytes: number, ms: number): void;
  /** Something broke or stalled on it. */
  suspect(address: DialAddress): void;
  all(): Iterable<LinkRecord>;
}

const MAX_RECORDS = 32;
/** A small reply says nothing of what a link can carry. */
const MIN_TRANSFER_BYTES = 256 * 1024;
const TRANSFER_MS = 60_000;
const SUSPECT_MS = 5000;

export function createLinkMemory(isLive: (key: string) => boolean, nowMs: () => number): LinkMemory {
  /** Oldest first. */
  const records = new Map<string, LinkRecord>();

  function forgetOne(): void {
    for (const key of records.keys()) {
      if (isLive(key)) continue;
      records.delete(key);
      return;
    }
  }

  function of(address: DialAddress): LinkRecord {
    const key = addressKey(address);
    const known = records.get(key);
    if (known !== undefined) return known;
    if (records.size >= MAX_RECORDS) forgetOne();
    const fresh: LinkRecord = {
      address,
      roundTripMs: null,
      bytesPerMs: null,
      measuredAt: 0,
      suspectUntil: 0,
      failures: 0,
      restsUntil: 0,
      lastFailure: null,
      turnsInARow: 0,
      dialledAt: null,
    };
    records.set(key, fresh);
    return fresh;
  }

  return {
    of,
    measures(address) {
      const { roundTripMs, bytesPerMs, measuredAt, suspectUntil } = of(address);
      const isRecent = nowMs() - measuredAt <= TRANSFER_MS;
      return {
        key: addressKey(address),
        roundTripMs,
        bytesPerMs: isRecent ? bytesPerMs : null,
        isSuspect: suspectUntil > nowMs(),
      };
    },
    noteRoundTrip(address, ms) {
      const record = of(address);
      // The least of two: a busy device makes it longer, nothing makes it shorter.
      record.roundTripMs = record.roundTripMs === null ? ms : Math.min(ms, (record.roundTripMs + ms) / 2);
      record.failures = 0;
      record.restsUntil = 0;
      record.suspectUntil = 0;
    },
    noteTransfer(address, bytes, ms) {
      if (bytes < MIN_TRANSFER_BYTES || ms <= 0) return;
      const record = of(address);
      const isRecent = record.bytesPerMs !== null && nowMs() - record.measuredAt <= TRANSFER_MS;
      // A busy moment of either device is no slow link.
      record.bytesPerMs = isRecent ? ((record.bytesPerMs ?? 0) + bytes / ms) / 2 : bytes / ms;
      record.measuredAt = nowMs();
    },
    suspect: (address) => void (of(address).suspectUntil = nowMs() + SUSPECT_MS),
    all: () => records.values(),
  };
}
