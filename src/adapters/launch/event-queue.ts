// Events between the gateway that tells them and whoever reads them, up to a bound.

export interface EventQueue<Event> extends AsyncIterable<Event> {
  push(event: Event): void;
  end(): void;
}

const MAX_WAITING = 10_000;

/** One reader at a time. What waits beyond the bound is dropped, oldest first. */
export function createEventQueue<Event>(maxWaiting = MAX_WAITING): EventQueue<Event> {
  const waiting: Event[] = [];
  let wake: (() => void) | null = null;
  let ended = false;

  async function* read(): AsyncGenerator<Event> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    push(event) {
      if (waiting.length >= maxWaiting) waiting.shift();
      waiting.push(event);
      wake?.();
    },
    end() {
      ended = true;
      wake?.();
    },
    [Symbol.asyncIterator]: read,
  };
}
