// Tells what changed at once, and then no more often than each interval: a flood of changes is told in its last state.

export interface Pace {
  /** Something changed: `tell` is called, now or when the interval is over; never within this call. */
  changed(): void;
  close(): void;
}

export interface PaceOptions {
  readonly intervalMs: number;
  /** Monotonic. */
  readonly steadyMs: () => number;
  readonly tell: () => void;
}

export function createPace({ intervalMs, steadyMs, tell }: PaceOptions): Pace {
  let lastAt = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;

  function next(): void {
    timer = null;
    lastAt = steadyMs();
    tell();
  }

  return {
    changed() {
      if (isClosed) return;
      timer ??= setTimeout(next, Math.max(0, lastAt + intervalMs - steadyMs())).unref();
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
