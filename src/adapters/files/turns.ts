// One job at a time, a bounded number of others waiting for their turn.
import { Refusal } from '../../core/errors.js';

export interface Turns {
  /**
   * Runs `job` when those before it have ended, and resolves to its result. Throws `Refusal` 'busy' where too many wait,
   * and the signal's reason when that is aborted before its turn.
   */
  run<Result>(signal: AbortSignal, job: () => Promise<Result>): Promise<Result>;
}

/** Turns for one job at a time, with at most `places` jobs waiting. */
export function createTurns(places: number): Turns {
  const waiting = new Set<() => void>();
  let taken = false;

  const ownTurn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(go);
        reject(signal.reason as Error);
      };
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(go);
    });
  const pass = (): void => {
    const [go] = waiting;
    taken = go !== undefined;
    if (go === undefined) return;
    waiting.delete(go);
    go();
  };

  return {
    async run(signal, job) {
      signal.throwIfAborted();
      if (taken && waiting.size >= places) throw new Refusal('busy');
      if (taken) await ownTurn(signal);
      taken = true;
      try {
        return await job();
      } finally {
        pass();
      }
    },
  };
}
