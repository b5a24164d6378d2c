// Which link of several to a peer the next request takes: the faster one that works, judged by what was measured.

export interface LinkMeasures {
  readonly key: string;
  /** Of the TCP handshake, which no load of either device makes longer than it is; null before the first. */
  readonly roundTripMs: number | null;
  /** Of replies that were large enough to tell; null where none was lately. */
  readonly bytesPerMs: number | null;
  /** Something on it broke or stalled a moment ago. */
  readonly isSuspect: boolean;
}

export interface LinkDemand {
  /** The request asks for many bytes: worth finding out what a link can carry. */
  readonly bulk: boolean;
  /** The link that the last one took: one that is a little faster is no reason to leave it. */
  readonly current: string | null;
}

/** What is measured on a busy device varies by about this much. */
const CLEARLY = 1.5;

/** The key of the link to take; null only where there is none. */
export function decideLink(links: readonly LinkMeasures[], { bulk, current }: LinkDemand): string | null {
  const sound = links.filter(({ isSuspect }) => !isSuspect);
  const candidates = sound.length > 0 ? sound : links;
  const [first, ...others] = [...candidates].sort(
    (a, b) => Number(b.key === current) - Number(a.key === current),
  );
  if (first === undefined) return null;
  const unmeasured = candidates.find(({ bytesPerMs }) => bytesPerMs === null);
  if (bulk && others.length > 0 && unmeasured !== undefined) return unmeasured.key;
  return others.reduce((best, other) => (isClearlyFaster(other, best) ? other : best), first).key;
}

function isClearlyFaster(one: LinkMeasures, other: LinkMeasures): boolean {
  if (one.bytesPerMs !== null && other.bytesPerMs !== null) {
    if (one.bytesPerMs > other.bytesPerMs * CLEARLY) return true;
    if (other.bytesPerMs > one.bytesPerMs * CLEARLY) return false;
  }
  if (one.roundTripMs === null || other.roundTripMs === null) return false;
  return one.roundTripMs * CLEARLY < other.roundTripMs;
}
