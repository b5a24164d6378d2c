// An offer, as a pure state machine over its connections: one run at a time, three wrong codes, one proof, and an end
// in time. A broken connection or a wrong word costs the offer nothing.
import type { PairEndReason } from '../control/pairing.js';
import type { UserId } from '../ids.js';
import type { ExchangeEffect, ExchangeOptions } from './exchange-words.js';
import { createExchange, type Exchange } from './exchange.js';
import { formatWireMessage } from './wire.js';

/** Wrong codes that end an offer. */
export const MAX_STRIKES = 3;

export type OfferOptions = Pick<ExchangeOptions, 'kind' | 'code' | 'label' | 'userId'> & {
  /** On the clock of `now`. */
  readonly expiresAt: number;
};

/** A connection as its TLS made it; its number is the driver's. */
export type Connected = Pick<ExchangeOptions, 'ci' | 'nonce' | 'scalar' | 'time'> & {
  readonly event: 'connected';
  readonly connection: number;
};

export type OfferEvent =
  | Connected
  /** The JSON of a frame; null for a frame that was too long. */
  | { readonly event: 'frame'; readonly connection: number; readonly json: Uint8Array | null }
  | { readonly event: 'closed'; readonly connection: number }
  | { readonly event: 'time' }
  | { readonly event: 'send'; readonly data: Uint8Array }
  | { readonly event: 'cancel' };

export type OfferEffect =
  | { readonly do: 'frame'; readonly connection: number; readonly frame: Uint8Array }
  /** Once its frames are out. */
  | { readonly do: 'close'; readonly connection: number }
  | { readonly do: 'strike'; readonly left: number }
  | {
      readonly do: 'proved';
      readonly label: string;
      readonly time: Date;
      readonly userId: UserId | null;
    }
  | { readonly do: 'data'; readonly data: Uint8Array }
  /** The last one. */
  | { readonly do: 'ended'; readonly reason: PairEndReason };

export interface Offer {
  on(event: OfferEvent, now: number): readonly OfferEffect[];
  /** When `time` is to be told next; Infinity for never. */
  nextAt(): number;
  /** Whether a code was proved: no other connection is taken from then on. */
  readonly isProved: () => boolean;
}

export function createOffer(options: OfferOptions): Offer {
  let left = MAX_STRIKES;
  let isOver = false;
  let current: { readonly connection: number; readonly exchange: Exchange } | null = null;

  function onConnected(connected: Connected, now: number): OfferEffect[] {
    const { connection } = connected;
    if (current !== null)
      return [
        { do: 'frame', connection, frame: formatWireMessage({ type: 'refuse', reason: 'busy' }) },
        { do: 'close', connection },
      ];
    const wrongCode = left === 1 ? 'spent' : 'wrong-code';
    const exchange = createExchange({ ...options, ...connected, side: 'B', wrongCode, startedAt: now });
    current = { connection, exchange };
    return pass(connection, exchange.on({ event: 'start' }, now));
  }

  const pass = (connection: number, effects: readonly ExchangeEffect[]): OfferEffect[] =>
    effects.flatMap((effect): OfferEffect[] => {
      if (effect.do === 'frame') return [{ ...effect, connection }];
      return effect.do === 'end' ? onEnd(connection, effect.reason) : [effect];
    });

  /** The end of a connection is the end of the offer only where something was proved, or nothing is left. */
  function onEnd(connection: number, reason: PairEndReason): OfferEffect[] {
    const wasProved = current?.exchange.isProved() === true;
    current = null;
    const close: OfferEffect = { do: 'close', connection };
    if (wasProved || reason === 'expired' || reason === 'cancelled') return [close, over(reason)];
    if (reason !== 'wrong-code' && reason !== 'spent') return [close];
    left -= 1;
    const strike: OfferEffect = { do: 'strike', left };
    return left === 0 ? [close, strike, over('spent')] : [close, strike];
  }

  function over(reason: PairEndReason): OfferEffect {
    isOver = true;
    return { do: 'ended', reason };
  }

  function onTime(now: number): OfferEffect[] {
    if (current !== null) return pass(current.connection, current.exchange.on({ event: 'time' }, now));
    return now >= options.expiresAt ? [over('expired')] : [];
  }

  return {
    on(event, now) {
      if (isOver) return [];
      if (event.event === 'connected') return onConnected(event, now);
      if (event.event === 'time') return onTime(now);
      if (current === null) return event.event === 'cancel' ? [over('cancelled')] : [];
      // What others say that were refused is not for the run that is under way.
      if ('connection' in event && event.connection !== current.connection) return [];
      return pass(current.connection, current.exchange.on(event, now));
    },
    nextAt: () => (isOver ? Infinity : (current?.exchange.nextAt() ?? options.expiresAt)),
    isProved: () => current?.exchange.isProved() === true,
  };
}
