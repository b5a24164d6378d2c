// How many requests to one peer are under way at once; the rest wait for their turn, so many and so long.
import { Refusal } from '../../core/errors.js';

export interface SlotLimits {
  readonly slots: number;
  readonly queued: number;
  readonly queueMs: number;
}

export interface Slots {
  /** Resolves with what gives the slot back, safe to call twice; rejects with a `Refusal`, or when aborted. */
  enter(signal: AbortSignal): Promise<() => void>;
  readonly inFlight: number;
  readonly queued: number;
}

interface Queued {
  readonly begin: () => void;
  readonly fail: (error: Error) => void;
}

export function createSlots(limits: () => SlotLimits): Slots {
  const queue = new Set<Queued>();
  let inFlight = 0;

  function take(): () => void {
    let isHeld = true;
    inFlight += 1;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      inFlight -= 1;
      const [next] = queue;
      if (inFlight < limits().slots) next?.begin();
    };
  }

  const wait = (signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(deadline);
        signal.removeEventListener('abort', onAbort);
        queue.delete(queued);
      };
      const queued: Queued = {
        begin: () => {
          leave();
          resolve(take());
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => queued.fail(new Error('nobody waits for it any more'));
      const deadline = setTimeout(() => queued.fail(new Refusal('peer-busy')), limits().queueMs);
      signal.addEventListener('abort', onAbort, { once: true });
      queue.add(queued);
    });

  return {
    enter(signal) {
      if (inFlight < limits().slots && queue.size === 0) return Promise.resolve(take());
      if (queue.size >= limits().queued) return Promise.reject(new Refusal('peer-busy'));
      return wait(signal);
    },
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queue.size;
    },
  };
}
