// The offers to pair that were seen on the links: a bounded table of hints, told the time.
import type { OfferHint, OfferId } from '../control/pairing.js';

/** Offers at addresses, on all links together; and from one address. What comes over it is refused. */
export const MAX_OFFERS = 64;
export const MAX_OFFERS_A_SOURCE = 4;

export interface OfferTable {
  /** False where there is no room for it. */
  hint(hint: OfferHint, ttlMs: number, now: number): boolean;
  /** The offer says from that address that it goes. */
  goodbye(offer: OfferId, zone: string, address: string): void;
  linkGone(zone: string): void;
  expire(now: number): void;
  /** Every address that an offer was seen at, in the order in which they were. */
  find(offer: OfferId): readonly OfferHint[];
  list(): readonly OfferHint[];
}

interface Entry {
  readonly hint: OfferHint;
  readonly expiresAt: number;
}

export function createOfferTable(): OfferTable {
  const entries = new Map<string, Entry>();
  const keyOf = ({ offer, kind, zone, address, port }: OfferHint): string =>
    JSON.stringify([offer, kind, zone, address, port]);
  const dropIf = (isGone: (entry: Entry) => boolean): void => {
    for (const [key, entry] of entries) if (isGone(entry)) entries.delete(key);
  };
  const list = (): OfferHint[] => [...entries.values()].map(({ hint }) => hint);

  function hasRoom({ zone, address }: OfferHint): boolean {
    const ofSource = list().filter((other) => other.zone === zone && other.address === address);
    return entries.size < MAX_OFFERS && ofSource.length < MAX_OFFERS_A_SOURCE;
  }

  return {
    hint(hint, ttlMs, now) {
      const key = keyOf(hint);
      if (!entries.has(key) && !hasRoom(hint)) return false;
      entries.set(key, { hint, expiresAt: now + ttlMs });
      return true;
    },
    goodbye: (offer, zone, address) =>
      dropIf(({ hint }) => hint.offer === offer && hint.zone === zone && hint.address === address),
    linkGone: (zone) => dropIf(({ hint }) => hint.zone === zone),
    expire: (now) => dropIf(({ expiresAt }) => expiresAt <= now),
    find: (offer) => list().filter((hint) => hint.offer === offer),
    list,
  };
}
