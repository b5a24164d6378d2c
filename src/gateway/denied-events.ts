// Refusals as events: ten a second one by one, the rest summed up by rule. A stranger who knocks without end costs the
// launcher no more than that.
import type { DeniedEvent, GatewayEvent } from '../core/control/protocol.js';

export type Deny = (denied: Omit<DeniedEvent, 'event'>) => void;

const MAX_PER_SECOND = 10;
const SECOND_MS = 1000;

export interface DeniedEvents {
  readonly deny: Deny;
  /** How often each rule refused since the start. */
  totals(): Readonly<Record<string, number>>;
  /** Tells what was held back. */
  close(): void;
}

export function createDeniedEvents(emit: (event: GatewayEvent) => void): DeniedEvents {
  const totals = new Map<DeniedEvent['rule'], number>();
  const held = new Map<DeniedEvent['rule'], number>();
  let told = 0;
  let second: NodeJS.Timeout | null = null;

  function endSecond(): void {
    if (second !== null) clearTimeout(second);
    second = null;
    told = 0;
    for (const [rule, count] of held) emit({ event: 'denied', rule, principal: null, count });
    held.clear();
  }

  return {
    deny(denied) {
      totals.set(denied.rule, (totals.get(denied.rule) ?? 0) + 1);
      second ??= setTimeout(endSecond, SECOND_MS).unref();
      told += 1;
      if (told <= MAX_PER_SECOND) emit({ event: 'denied', ...denied });
      else held.set(denied.rule, (held.get(denied.rule) ?? 0) + 1);
    },
    totals: () => Object.fromEntries(totals),
    close: endSecond,
  };
}
