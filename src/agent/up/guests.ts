// Devices of other users that were let in by a share since the start, so that one of them that is refused later is told
// as what it is: one with which nothing is shared any more.
import { createBounded } from '../../core/bounded.js';
import { sharedUserOf } from '../directory/names.js';
import type { SeenEvent } from '../gateway-events.js';

/** The user that a device came in for, shortened; null for one that was not let in by a share. */
export type GuestOf = (deviceId: string) => string | null;

export interface Guests {
  note(event: SeenEvent): void;
  readonly userOf: GuestOf;
}

const MAX_GUESTS = 256;

export function createGuests(): Guests {
  const users = createBounded<string, string>(MAX_GUESTS);
  return {
    note(event) {
      if (event.event !== 'connected' && event.event !== 'peer-reached') return;
      const user = sharedUserOf(event.principal.role);
      if (user !== null) users.set(event.principal.deviceId, user);
    },
    userOf: (deviceId) => users.get(deviceId) ?? null,
  };
}
