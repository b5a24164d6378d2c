// Who waits for a connection, first come first served.
import type { PeerConnection } from './connection.js';

export interface Waiter {
  /** The request asks for many bytes. */
  readonly bulk: boolean;
  /** Each ends the waiting. */
  readonly resolve: (connection: PeerConnection) => void;
  readonly reject: (error: Error) => void;
}

export interface Waiters {
  /** Waits until `signal` is aborted at most. */
  add(bulk: boolean, signal: AbortSignal): Promise<PeerConnection>;
  readonly size: number;
  /** As they are now. */
  list(): readonly Waiter[];
  has(waiter: Waiter): boolean;
}

export function createWaiters(): Waiters {
  const waiting = new Set<Waiter>();
  return {
    add: (bulk, signal) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(waiter);
          signal.removeEventListener('abort', onAbort);
        };
        const onAbort = (): void => waiter.reject(new Error('nobody waits for it any more'));
        const waiter: Waiter = {
          bulk,
          resolve: (connection) => {
            leave();
            resolve(connection);
          },
          reject: (error) => {
            leave();
            reject(error);
          },
        };
        waiting.add(waiter);
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
      }),
    get size() {
      return waiting.size;
    },
    list: () => [...waiting],
    has: (waiter) => waiting.has(waiter),
  };
}
