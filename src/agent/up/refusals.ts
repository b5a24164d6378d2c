// Whoever is refused tries again without end: a person is told once of each device and reason, and after a while again,
// with how often it was meanwhile.
import { createBounded } from '../../core/bounded.js';
import type { SeenEvent } from '../gateway-events.js';
import type { GuestOf } from './guests.js';

export type Denied = Extract<SeenEvent, { event: 'denied' }>;

export interface Refusals {
  /** The refusal as it is to be told now, with how many it stands for; null where it was told lately. */
  take(event: Denied): Denied | null;
}

interface Told {
  readonly atMs: number;
  /** Not told since. */
  held: number;
}

const AGAIN_MS = 10 * 60_000;
/** A stranger can make up as many as it likes: those that were refused last stay. */
const MAX_TOLD = 256;

export function createRefusals(nowMs: () => number, guestOf: GuestOf): Refusals {
  const told = createBounded<string, Told>(MAX_TOLD);
  return {
    take(event) {
      const count = event.count ?? 1;
      const key = keyOf(event, guestOf);
      const before = told.get(key);
      if (before !== undefined && nowMs() - before.atMs < AGAIN_MS) {
        before.held += count;
        return null;
      }
      told.set(key, { atMs: nowMs(), held: 0 });
      return { ...event, count: count + (before?.held ?? 0) };
    },
  };
}

/** A stranger that has been a guest since is told in other words. */
function keyOf({ rule, reason, principal, deviceId, dialled, address }: Denied, guestOf: GuestOf): string {
  const user = deviceId === undefined ? null : guestOf(deviceId);
  return JSON.stringify([rule, reason, principal?.deviceId ?? deviceId ?? address, dialled, user]);
}
