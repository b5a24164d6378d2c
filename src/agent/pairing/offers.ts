// The offers that are announced on the links, as far as the gateway says: hints, up to a bound.
import type { OfferAddress, PairKind } from '../../core/control/pairing.js';
import type { SeenEvent } from '../gateway-events.js';

export interface SeenOffer extends OfferAddress {
  readonly offer: string;
  readonly kind: PairKind;
  /** How long ago it was seen first. */
  readonly seenForMs: number;
}

export interface Offers {
  note(event: SeenEvent): void;
  list(kind: PairKind): readonly SeenOffer[];
}

export const MAX_SEEN_OFFERS = 64;

export function createOffers(nowMs: () => number): Offers {
  const seen = new Map<string, Omit<SeenOffer, 'seenForMs'> & { readonly atMs: number }>();
  return {
    note(event) {
      if (event.event === 'pair-offer-lost') seen.delete(event.offer);
      if (event.event !== 'pair-offer-seen' || seen.size >= MAX_SEEN_OFFERS) return;
      const { offer, kind, address, zone, port } = event;
      const atMs = seen.get(offer)?.atMs ?? nowMs();
      seen.set(offer, { offer, kind, address, zone, port, atMs });
    },
    list: (kind) =>
      [...seen.values()]
        .filter((offer) => offer.kind === kind)
        .map(({ atMs, ...offer }) => ({ ...offer, seenForMs: nowMs() - atMs })),
  };
}
