// What happened lately and is worth telling later: the last refusals and the last warnings, up to a bound.
import type { NameOf } from '../directory/names.js';
import type { SeenEvent } from '../gateway-events.js';
import { formatDenied } from '../up/event-text.js';
import { createGuests } from '../up/guests.js';

export interface RecentRefusal {
  readonly time: string;
  readonly rule: string;
  readonly text: string;
}

export interface RecentWarning {
  readonly time: string;
  readonly code: string;
  readonly text: string;
}

export interface Recent {
  note(event: SeenEvent): void;
  readonly refusals: readonly RecentRefusal[];
  readonly warnings: readonly RecentWarning[];
}

export const MAX_RECENT = 20;

export function createRecent(nameOf: NameOf): Recent {
  const guests = createGuests();
  const refusals: RecentRefusal[] = [];
  const warnings: RecentWarning[] = [];
  const keep = <Item>(list: Item[], item: Item): void => {
    list.push(item);
    if (list.length > MAX_RECENT) list.shift();
  };
  return {
    refusals,
    warnings,
    note(event) {
      guests.note(event);
      if (event.event === 'denied')
        keep(refusals, {
          time: event.time,
          rule: event.rule,
          text: formatDenied(event, nameOf, guests.userOf),
        });
      if (event.event === 'warning') {
        const about = event.about === undefined ? '' : `${event.about}: `;
        keep(warnings, { time: event.time, code: event.code, text: about + event.message });
      }
    },
  };
}
