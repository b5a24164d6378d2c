// Who makes room in the table: so that a stranger who fills it pushes out his own hints first, and never what is
// proven to be good.
import type { Entry } from './entry.js';

/** Names on one link; a device's own two days at midnight count as two. */
export const MAX_NAMES_A_LINK = 256;
/** Addresses of one device, on all links together; of an unknown name, on its link. */
export const MAX_ADDRESSES_A_DEVICE = 8;
/** Unknown names from one address. */
export const MAX_NAMES_A_SOURCE = 8;

/** Whether a hint of something new may enter, and which entries leave for it. */
export type Room = 'refused' | { readonly evicted: readonly Entry[] };

/** Decides about a new entry among those that are there. */
export function decideRoom(entry: Entry, all: readonly Entry[]): Room {
  const siblings = all.filter((other) => isSibling(entry, other));
  if (siblings.length >= MAX_ADDRESSES_A_DEVICE) {
    const victim = pickAddress(siblings);
    return victim === null ? 'refused' : { evicted: [victim] };
  }
  const onLink = all.filter(({ address }) => address.zone === entry.address.zone);
  if (onLink.some(({ instance }) => instance === entry.instance)) return { evicted: [] };
  return entry.deviceId === null ? roomForUnknown(entry, onLink) : roomForKnown(onLink);
}

const isSibling = (entry: Entry, other: Entry): boolean =>
  entry.deviceId === null
    ? other.instance === entry.instance && other.address.zone === entry.address.zone
    : other.deviceId === entry.deviceId;

const countNames = (entries: readonly Entry[]): number =>
  new Set(entries.map(({ instance }) => instance)).size;

function roomForUnknown(entry: Entry, onLink: readonly Entry[]): Room {
  const claimed = onLink.filter(
    ({ deviceId, address }) => deviceId === null && address.address === entry.address.address,
  );
  const isFull = countNames(onLink) >= MAX_NAMES_A_LINK || countNames(claimed) >= MAX_NAMES_A_SOURCE;
  return isFull ? 'refused' : { evicted: [] };
}

/** The name that was heard of first among those of no known device leaves, with all of its addresses. */
function roomForKnown(onLink: readonly Entry[]): Room {
  if (countNames(onLink) < MAX_NAMES_A_LINK) return { evicted: [] };
  const oldest = onLink.filter(({ deviceId }) => deviceId === null).sort((a, b) => a.since - b.since)[0];
  if (oldest === undefined) return 'refused';
  return { evicted: onLink.filter(({ instance }) => instance === oldest.instance) };
}

/** The least useful address: by standing, then of the link that has the most of them, then the oldest. */
function pickAddress(siblings: readonly Entry[]): Entry | null {
  const perZone = new Map<string, number>();
  for (const { address } of siblings) perZone.set(address.zone, (perZone.get(address.zone) ?? 0) + 1);
  const crowd = ({ address }: Entry): number => perZone.get(address.zone) ?? 0;
  const [victim] = siblings
    .filter(({ isLive }) => !isLive)
    .sort((a, b) => RANKS[a.standing] - RANKS[b.standing] || crowd(b) - crowd(a) || a.since - b.since);
  return victim ?? null;
}

const RANKS: Record<Entry['standing'], number> = {
  wrong: 0,
  unreachable: 1,
  'turns-away': 1,
  new: 2,
  proven: 3,
};
