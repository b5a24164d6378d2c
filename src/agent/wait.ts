// Waiting that a signal ends: neither rejects, so that a loop reads what to do next from the signal itself.
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after so many milliseconds, or as soon as `signal` is aborted; at once where it is already. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

/** Resolves with null when `signal` is aborted; at once where it is already. */
export const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
