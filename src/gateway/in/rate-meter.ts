// Counts what a key takes in a minute, from its first request on; then the count begins anew.
import { createBounded } from '../../core/bounded.js';

export interface RateMeter {
  /** Takes `count` from the key's allowance; false, and nothing taken, when that is more than is left. */
  take(key: string, count: number): boolean;
}

const WINDOW_MS = 60_000;
const MAX_KEYS = 4096;

export function createRateMeter(perMinute: () => number, nowMs: () => number): RateMeter {
  const windows = createBounded<string, { start: number; taken: number }>(MAX_KEYS);
  return {
    take(key, count) {
      const now = nowMs();
      const before = windows.get(key);
      const window =
        before === undefined || now - before.start >= WINDOW_MS ? { start: now, taken: 0 } : before;
      if (window.taken + count > perMinute()) return false;
      window.taken += count;
      windows.set(key, window);
      return true;
    },
  };
}
