// Waiting that a signal ends: neither rejects, so that a loop reads what to do next from the signal itself.

/**
 * Resolves after so many milliseconds, or as soon as `signal` is aborted; at once where it is already. By the global
 * timer, which a test can hold in its hand: an import by name it cannot.
 */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, signal.aborted ? 0 : ms);
    signal.addEventListener('abort', end, { once: true });
  });

/** Resolves with null when `signal` is aborted; at once where it is already. */
export const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
