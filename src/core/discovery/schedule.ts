// When a link is spoken to: announcements, queries, answers and renewals, by the intervals of RFC 6762. Told the
// time; it keeps no timer.
export interface Schedule {
  /** Announces from `now` on, some times over: the link, the name or the port is new. */
  announce(now: number): void;
  /** Somebody asked. */
  answer(now: number): void;
  /** There are names to ask about. */
  resolve(now: number): void;
  /** What is due; it counts as done. */
  take(now: number): Due;
  /** When something is due next; Infinity for never. */
  nextAt(): number;
}

export interface Due {
  /** Our records: announced, or in answer; one packet serves both. */
  readonly announce: boolean;
  readonly query: boolean;
  readonly resolve: boolean;
}

export interface ScheduleOptions {
  readonly browses: boolean;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Section 8.3: at least two, at least a second apart, the intervals doubled. A lost one costs little that way. */
const ANNOUNCE_AFTER_MS = [0, 1000, 3000];
/** Sections 5.2 and 6: so that not all who hear one packet speak at once. */
const DELAY_MIN_MS = 20;
const DELAY_MAX_MS = 120;
/** Sections 5.2 and 6: nothing is asked or said more often. */
export const MIN_INTERVAL_MS = 1000;
/** Section 5.2 lets the interval double up to an hour; a minute costs nothing on a cable, and mends what was lost. */
export const MAX_QUERY_INTERVAL_MS = 60_000;

export function createSchedule({ browses, random }: ScheduleOptions, startedAt: number): Schedule {
  const delay = (): number => DELAY_MIN_MS + random() * (DELAY_MAX_MS - DELAY_MIN_MS);
  let announcements: number[] = [];
  let answerAt = Infinity;
  let lastAnnouncedAt = -Infinity;
  let queryAt = browses ? startedAt + delay() : Infinity;
  let queryInterval = MIN_INTERVAL_MS;
  let resolveAt = Infinity;
  let lastResolvedAt = -Infinity;

  function takeAnnounce(now: number): boolean {
    const isDue = answerAt <= now || (announcements[0] ?? Infinity) <= now;
    if (!isDue) return false;
    announcements = announcements.filter((at) => at > now);
    answerAt = Infinity;
    lastAnnouncedAt = now;
    return true;
  }

  function takeQuery(now: number): boolean {
    if (queryAt > now) return false;
    queryAt = now + queryInterval;
    queryInterval = Math.min(queryInterval * 2, MAX_QUERY_INTERVAL_MS);
    return true;
  }

  function takeResolve(now: number): boolean {
    if (resolveAt > now) return false;
    resolveAt = Infinity;
    lastResolvedAt = now;
    return true;
  }

  return {
    announce(now) {
      announcements = ANNOUNCE_AFTER_MS.map((after) => now + after);
    },
    answer(now) {
      answerAt = Math.min(answerAt, Math.max(now + delay(), lastAnnouncedAt + MIN_INTERVAL_MS));
    },
    resolve(now) {
      if (browses) resolveAt = Math.min(resolveAt, Math.max(now + delay(), lastResolvedAt + MIN_INTERVAL_MS));
    },
    take: (now) => ({ announce: takeAnnounce(now), query: takeQuery(now), resolve: takeResolve(now) }),
    nextAt: () => Math.min(announcements[0] ?? Infinity, answerAt, queryAt, resolveAt),
  };
}

/** Section 5.2: what is held is asked for again at these parts of its time, so that a lost packet ends nothing. */
const RENEW_AT = [0.8, 0.85, 0.9, 0.95];

/** How often a renewal is due for what was heard at `heardAt` and ends at `expiresAt`: 0 to 4 by `now`. */
export function renewalsDue(heardAt: number, expiresAt: number, now: number): number {
  const part = (now - heardAt) / (expiresAt - heardAt);
  return RENEW_AT.filter((at) => at <= part).length;
}
