// How long a job that failed rests before it is begun again. Pure: which failure in a row it was comes in.

/** Waits after the first failure in a row, the second, …; the last holds for all that follow. */
const RETRY_DELAYS_MS = [1000, 2000, 5000, 10_000, 30_000] as const;

export const retryDelayMs = (failuresInARow: number): number =>
  RETRY_DELAYS_MS[Math.min(failuresInARow, RETRY_DELAYS_MS.length) - 1] ?? 0;
