// Room that was promised to blobs under way, so that several at once do not take the same.
import type { FetchRules, Hold } from '../../core/fetch/rules.js';
import type { BlobId } from '../../core/ids.js';
import { chooseStore, type AskedBlob } from './room.js';

export interface ReservationsContext {
  readonly stores: readonly string[];
  readonly rules: FetchRules;
  /** Bytes here of blobs that count on the quota. */
  readonly quotaUsedBytes: () => number;
}

export interface Reservations {
  /** A store with room for it, of which it is taken; or why there is none. */
  choose(blob: AskedBlob): Promise<{ readonly parent: string } | { readonly hold: Hold }>;
  /** So many bytes of it are still to come. */
  set(id: BlobId, bytes: number): void;
  end(id: BlobId): void;
}

interface Reservation {
  readonly parent: string;
  readonly quotaBytes: number;
  bytes: number;
}

export function createReservations({ stores, rules, quotaUsedBytes }: ReservationsContext): Reservations {
  const taken = new Map<BlobId, Reservation>();
  let last: Promise<unknown> = Promise.resolve();

  const sum = (of: (one: Reservation) => number): number =>
    [...taken.values()].reduce((total, one) => total + of(one), 0);

  async function chooseNow(blob: AskedBlob) {
    const choice = await chooseStore(blob, {
      ...{ stores, rules },
      quotaUsedBytes: quotaUsedBytes() + sum((one) => one.quotaBytes),
      promisedBytes: (parent) => sum((one) => (one.parent === parent ? one.bytes : 0)),
    });
    const quotaBytes = blob.class === 'quota' ? blob.size : 0;
    if ('parent' in choice) taken.set(blob.id, { parent: choice.parent, quotaBytes, bytes: blob.size });
    return choice;
  }

  return {
    choose(blob) {
      // One after the other: the second has to see what the first took.
      const chosen = last.then(() => chooseNow(blob));
      last = chosen.catch(() => undefined);
      return chosen;
    },
    set(id, bytes) {
      const reservation = taken.get(id);
      if (reservation !== undefined) reservation.bytes = bytes;
    },
    end: (id) => void taken.delete(id),
  };
}
