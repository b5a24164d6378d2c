// One request of one principal, from its first byte to its last: what the handlers are given, and what is counted
// while it is under way.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestForm } from '../../adapters/http/request-form.js';
import type { DeviceId } from '../../core/ids.js';
import type { Principal } from '../../core/leaf/judge.js';
import type { Limits } from '../../core/limits.js';
import { Refusal } from '../../core/errors.js';
import type { Target } from '../../core/target.js';
import type { Connection, InFlight } from './connections.js';

export interface Exchange {
  /** In events and logs; never in a reply. */
  readonly id: string;
  readonly connection: Connection;
  readonly principal: Principal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly form: RequestForm;
  readonly target: Target;
  /** Aborted when the peer is gone or the reply has ended. */
  readonly ended: AbortSignal;
  /** Says what a reload has to leave standing for this to go on; without it, being let in is enough. */
  permittedWhile(stillPermitted: InFlight['stillPermitted']): void;
  /** From here on this counts as an open feed, not as a request. */
  becomeFeed(): void;
}

/** Requests and feeds in flight, counted for each principal. */
export interface Traffic {
  enter(device: DeviceId): Slot;
}

interface Slot {
  becomeFeed(): void;
  leave(): void;
}

interface Counts {
  requests: number;
  feeds: number;
}

export function createTraffic(limits: () => Limits): Traffic {
  const counts = new Map<DeviceId, Counts>();

  return {
    enter(device) {
      const of = counts.get(device) ?? { requests: 0, feeds: 0 };
      if (of.requests >= limits().requestsPerPrincipal) throw new Refusal('too-many-requests');
      counts.set(device, of);
      of.requests += 1;
      let kind: keyof Counts = 'requests';
      let left = false;
      return {
        becomeFeed() {
          if (of.feeds >= limits().feedsPerPrincipal) throw new Refusal('too-many-feeds');
          of.requests -= 1;
          of.feeds += 1;
          kind = 'feeds';
        },
        leave() {
          if (left) return;
          left = true;
          of[kind] -= 1;
          if (of.requests + of.feeds === 0) counts.delete(device);
        },
      };
    },
  };
}
