// How soon a peer that was lost, or could not be reached, is tried again. Pure: time and chance come in as arguments.

/** A peer bears 8 connections of one address that were not judged yet; with more it closes the oldest. */
export const MAX_DIALS_AT_ONCE = 4;

export interface ReconnectPolicy {
  /** The waits after the first failure in a row, the second, and so on; the last one holds for all that follow. */
  readonly delaysMs: readonly number[];
  /** The share of a delay by which it may turn out shorter or longer, so that devices do not try in step. */
  readonly jitter: number;
  /** For how long after the loss of a peer requests wait for it to come back, before they are told. */
  readonly hideMs: number;
  /** Whether a peer that was asked for once is kept connected, or dialled when there is a request. */
  readonly mode: 'keep-up' | 'on-demand';
}

export const DEFAULT_RECONNECT: ReconnectPolicy = {
  delaysMs: [250, 500, 1000, 2000, 5000, 10_000, 30_000],
  jitter: 0.25,
  hideMs: 1000,
  mode: 'on-demand',
};

/** The wait before the next try after `failures` (1 or more) in a row; `random` is at least 0 and less than 1. */
export function decideDelayMs(policy: ReconnectPolicy, failures: number, random: number): number {
  const delay = policy.delaysMs[Math.min(failures, policy.delaysMs.length) - 1] ?? 0;
  return Math.round(delay * (1 + policy.jitter * (2 * random - 1)));
}
