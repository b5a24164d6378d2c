// When a peer may be tried again, and for how long its loss is kept from those who wait.
import { decideDelayMs, type ReconnectPolicy } from '../../core/peers/reconnect.js';

export interface Backoff {
  readonly failures: number;
  readonly mayTry: boolean;
  /** Until the next try; 0 when it may be now. */
  readonly waitMs: number;
  /** For how much longer the loss of the peer is kept from those who wait: it may come back before they have to know. */
  readonly hideMs: number;
  noteFailed(): void;
  noteReached(): void;
  noteLost(): void;
  /** Something changed: what failed before may work now. */
  wake(): void;
}

/** Between two tries, even where addresses come and go as fast as a flood of mDNS makes them. */
const LEAST_PAUSE_MS = 100;

export function createBackoff(
  policy: () => ReconnectPolicy,
  nowMs: () => number,
  random: () => number,
): Backoff {
  let failures = 0;
  let failedAt = -Infinity;
  let nextTryAt = -Infinity;
  let lostAt = -Infinity;
  const waitMs = (): number => Math.max(0, nextTryAt - nowMs());

  return {
    get failures() {
      return failures;
    },
    get mayTry() {
      return waitMs() === 0;
    },
    get waitMs() {
      return waitMs();
    },
    get hideMs() {
      return Math.max(0, lostAt + policy().hideMs - nowMs());
    },
    noteFailed() {
      failures += 1;
      failedAt = nowMs();
      nextTryAt = failedAt + Math.max(LEAST_PAUSE_MS, decideDelayMs(policy(), failures, random()));
    },
    noteReached() {
      failures = 0;
      nextTryAt = -Infinity;
      lostAt = -Infinity;
    },
    noteLost: () => void (lostAt = nowMs()),
    wake: () => void (nextTryAt = Math.min(nextTryAt, failedAt + LEAST_PAUSE_MS)),
  };
}
