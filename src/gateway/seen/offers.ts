// Offers to pair on the links: kept as hints, and told to the launcher at a pace that strangers can not set.
import type { OfferHint, OfferId } from '../../core/control/pairing.js';
import type { GatewayEvent } from '../../core/control/protocol.js';
import { createOfferTable } from '../../core/discovery/offer-table.js';
import type { OfferClaim } from '../../core/discovery/pair-offers.js';
import { createPace } from './pace.js';

export interface OffersOptions {
  readonly steadyMs: () => number;
  readonly emit: (event: GatewayEvent) => void;
}

export interface Offers {
  onClaim(claim: OfferClaim, zone: string, source: string): void;
  linkGone(zone: string): void;
  /** Lets go what is past its time. */
  tick(): void;
  /** Every address that an offer was seen at. */
  find(offer: OfferId): readonly OfferHint[];
  /** Each offer once. */
  list(): OfferHint[];
  close(): void;
}

/** At most so many events … */
const MAX_CHANGES = 4;
/** … in each interval of this. */
const INTERVAL_MS = 250;

export function createOffers({ steadyMs, emit }: OffersOptions): Offers {
  const table = createOfferTable();
  const told = new Set<OfferId>();
  const pace = createPace({ intervalMs: INTERVAL_MS, steadyMs, tell });

  function tell(): void {
    const current = new Map(list().map((hint) => [hint.offer, hint]));
    const lost = [...told].filter((offer) => !current.has(offer));
    const seen = [...current.values()].filter(({ offer }) => !told.has(offer));
    for (const offer of lost.slice(0, MAX_CHANGES)) {
      told.delete(offer);
      emit({ event: 'pair-offer-lost', offer });
    }
    for (const hint of seen.slice(0, MAX_CHANGES)) {
      told.add(hint.offer);
      emit({ event: 'pair-offer-seen', ...hint });
    }
    if (Math.max(lost.length, seen.length) > MAX_CHANGES) pace.changed();
  }

  function list(): OfferHint[] {
    const hints = [...table.list()].reverse();
    return [...new Map(hints.map((hint) => [hint.offer, hint])).values()];
  }

  return {
    onClaim({ offer, told: claimed }, zone, source) {
      if (claimed === null) table.goodbye(offer, zone, source);
      else {
        const { kind, port, ttlMs } = claimed;
        table.hint({ offer, kind, address: source, zone, port }, ttlMs, steadyMs());
      }
      pace.changed();
    },
    linkGone(zone) {
      table.linkGone(zone);
      pace.changed();
    },
    tick() {
      table.expire(steadyMs());
      pace.changed();
    },
    find: (offer) => table.find(offer),
    list,
    close: () => pace.close(),
  };
}
