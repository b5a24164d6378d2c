// What goes into one side of one connection of a run, and what comes out of it.
import type { PairEndReason, PairKind } from '../control/pairing.js';
import type { UserId } from '../ids.js';
import type { PairingCode } from './code.js';
import type { Side } from './wire.js';

export interface ExchangeOptions {
  readonly side: Side;
  readonly kind: PairKind;
  readonly code: PairingCode;
  readonly label: string;
  readonly userId: UserId | null;
  /** The own clock, to be told. */
  readonly time: Date;
  /** CI: `channelIdentifier` of the connection. */
  readonly ci: Uint8Array;
  /** 32 random bytes, for this connection alone. */
  readonly nonce: Uint8Array;
  /** A random scalar, for this connection alone. */
  readonly scalar: bigint;
  /** What a wrong code is called, at B: whether the offer stands another one. */
  readonly wrongCode?: 'wrong-code' | 'spent';
  /** On the clock of `now`. */
  readonly startedAt: number;
  readonly expiresAt: number;
}

export type ExchangeEvent =
  /** The connection stands; A speaks first. */
  | { readonly event: 'start' }
  /** The JSON of a frame; null for a frame that was too long. */
  | { readonly event: 'frame'; readonly json: Uint8Array | null }
  | { readonly event: 'closed' }
  /** `nextAt` has come. */
  | { readonly event: 'time' }
  /** The own launcher has something to say, after the proof. */
  | { readonly event: 'send'; readonly data: Uint8Array }
  | { readonly event: 'cancel' };

export type ExchangeEffect =
  | { readonly do: 'frame'; readonly frame: Uint8Array }
  | {
      readonly do: 'proved';
      readonly label: string;
      readonly time: Date;
      readonly userId: UserId | null;
    }
  | { readonly do: 'data'; readonly data: Uint8Array }
  /** The last one: the connection is closed once the frames are out. */
  | { readonly do: 'end'; readonly reason: PairEndReason };
