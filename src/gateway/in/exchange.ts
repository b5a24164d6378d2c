// One request of one principal, from its first byte to its last: what the handlers are given, and what is counted
// while it is under way.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ending } from '../../adapters/couch/forward.js';
import type { RequestForm } from '../../adapters/http/request-form.js';
import type { DeviceId } from '../../core/ids.js';
import type { Principal } from '../../core/leaf/judge.js';
import type { Limits } from '../../core/limits.js';
import { Refusal } from '../../core/errors.js';
import { parseTarget, type Target } from '../../core/target.js';
import type { Connection, InFlight } from './connections.js';

/** One for all: to make an error for each costs more than to judge a request. */
const ENDED = new Error('the peer is gone, or the reply has ended');

export interface ExchangeParts {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly form: RequestForm;
  readonly slot: Slot;
}

/** Lasts as long as its reply, or the connection. A class, as one is made for every request. */
export class Exchange implements InFlight, Ending {
  readonly connection: Connection;
  readonly principal: Principal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly form: RequestForm;
  readonly target: Target;
  stillPermitted: InFlight['stillPermitted'] = () => true;
  hasEnded = false;
  onEnd: (() => void) | null = null;
  readonly #slot: Slot;
  #ending: AbortController | null = null;

  /** Throws the `Refusal` of a target that is malformed: that is counted as well. */
  constructor({ connection, request, response, form, slot }: ExchangeParts) {
    this.connection = connection;
    this.principal = connection.principal;
    this.request = request;
    this.response = response;
    this.form = form;
    this.#slot = slot;
    connection.inFlight.push(this);
    response.on('close', () => this.end());
    this.target = parseTarget(request.url ?? '');
  }

  /** Aborted when the peer is gone or the reply has ended. Made when it is first asked for: most replies need none. */
  get ended(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.hasEnded) this.#ending.abort(ENDED);
    return this.#ending.signal;
  }

  /** Throws when the peer is gone: it is told of by no event any more. */
  throwIfEnded(): void {
    if (this.hasEnded) throw ENDED;
  }

  /** Says what a reload has to leave standing for this to go on; without it, being let in is enough. */
  permittedWhile(stillPermitted: InFlight['stillPermitted']): void {
    this.stillPermitted = stillPermitted;
  }

  /** From here on this counts as an open feed, not as a request. */
  becomeFeed(): void {
    this.#slot.becomeFeed();
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#slot.leave();
    const { inFlight } = this.connection;
    inFlight.splice(inFlight.indexOf(this), 1);
    this.#ending?.abort(ENDED);
    this.onEnd?.();
  }
}

/** Requests and feeds in flight, counted for each principal. */
export interface Traffic {
  enter(device: DeviceId): Slot;
}

/** Of one principal. */
interface Counts {
  requests: number;
  feeds: number;
  readonly forget: () => void;
}

/** One of those in flight. A class, as one is made for every request. */
class Slot {
  private readonly counts: Counts;
  private readonly limits: () => Limits;
  private kind: 'requests' | 'feeds' = 'requests';

  constructor(counts: Counts, limits: () => Limits) {
    this.counts = counts;
    this.limits = limits;
    counts.requests += 1;
  }

  becomeFeed(): void {
    if (this.counts.feeds >= this.limits().feedsPerPrincipal) throw new Refusal('too-many-feeds');
    this.counts.requests -= 1;
    this.counts.feeds += 1;
    this.kind = 'feeds';
  }

  /** Once. */
  leave(): void {
    this.counts[this.kind] -= 1;
    if (this.counts.requests + this.counts.feeds === 0) this.counts.forget();
  }
}

export function createTraffic(limits: () => Limits): Traffic {
  const counts = new Map<DeviceId, Counts>();

  function begin(device: DeviceId): Counts {
    const begun = { requests: 0, feeds: 0, forget: () => void counts.delete(device) };
    counts.set(device, begun);
    return begun;
  }

  return {
    enter(device) {
      const known = counts.get(device);
      if ((known?.requests ?? 0) >= limits().requestsPerPrincipal) throw new Refusal('too-many-requests');
      return new Slot(known ?? begin(device), limits);
    },
  };
}
