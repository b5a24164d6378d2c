// Pairing on the control channel: its words, what its events say, and what its methods answer. The gateway runs the
// exchange and carries what the launchers say to each other; it signs nothing.
import type { UserId } from '../ids.js';

/** `join`: a device becomes one of the offerer's user. `share`: two users share databases. */
export const PAIR_KINDS = ['join', 'share'] as const;
export type PairKind = (typeof PAIR_KINDS)[number];

/** What a launcher can have carried in one `pair-send`, before it is written as base64url. */
export const MAX_PAIR_DATA_BYTES = 40 * 1024;
/** How long an offer may stand. */
export const MAX_OFFER_SECONDS = 300;

declare const brand: unique symbol;
/** 16 characters of D-Base32, random for each offer. */
export type OfferId = string & { readonly [brand]: 'OfferId' };
/** What an offer or a join is called on the control channel: 16 characters of D-Base32, random for each. */
export type RunId = string & { readonly [brand]: 'RunId' };

const SHORT_ID = /^[3-9A-Y]{16}$/;

/** The offer id in `text`, or null for whatever is not exactly one. */
export const parseOfferId = (text: string): OfferId | null =>
  SHORT_ID.test(text) ? (text as OfferId) : null;
/** The run id in `text`, or null for whatever is not exactly one. */
export const parseRunId = (text: string): RunId | null => (SHORT_ID.test(text) ? (text as RunId) : null);

/** Where an offer can be dialled. */
export interface OfferAddress {
  /** Without its zone. */
  readonly address: string;
  /** The link; null for loopback. */
  readonly zone: string | null;
  readonly port: number;
}

/** An offer that is announced on a link: a hint, as all that mDNS says. */
export interface OfferHint extends OfferAddress {
  readonly offer: OfferId;
  readonly kind: PairKind;
}

/** Why a run ended, and on which side. What the other side said before anything was proved is a hint, no more. */
export const PAIR_END_REASONS = {
  cancelled: 'this launcher cancelled it, or the gateway stopped',
  left: 'the other launcher ended it, after the code was proved',
  expired: 'the time of the offer was over',
  spent: 'the offer had as many wrong codes as it may have',
  'wrong-code': 'at the joiner: the offerer found the code wrong',
  unproved: 'at the joiner: the other side could not prove the code. Someone may be in between',
  'other-kind': 'at the joiner: the offer is of the other kind',
  'other-version': 'at the joiner: the other side speaks another version',
  busy: 'at the joiner: the offer was in another run',
  unreachable: 'at the joiner: the offer could not be connected to',
  lost: 'the connection broke',
  timeout: 'the other side took too long',
  protocol: 'the other side said something malformed, too large, or out of turn',
} as const satisfies Record<string, string>;
export type PairEndReason = keyof typeof PAIR_END_REASONS;

export type PairEvent =
  | ({ readonly event: 'pair-offer-seen' } & OfferHint)
  | { readonly event: 'pair-offer-lost'; readonly offer: OfferId }
  | {
      readonly event: 'pair-strike';
      readonly run: RunId;
      /** How many wrong codes the offer still stands. */
      readonly left: number;
    }
  | {
      readonly event: 'pair-proved';
      readonly run: RunId;
      /** What the other side calls itself. */
      readonly label: string;
      /** Of the other side's clock: RFC 3339, UTC. */
      readonly time: string;
      /** Of the other side's identity; null where it has none. Its launcher has still to show that CA. */
      readonly userId: UserId | null;
    }
  | { readonly event: 'pair-data'; readonly run: RunId; /** Base64url. */ readonly data: string }
  | { readonly event: 'pair-ended'; readonly run: RunId; readonly reason: PairEndReason };

/** The result of `pair-offer`. */
export interface OfferOpened {
  readonly run: RunId;
  readonly offer: OfferId;
  /** Where it is listened for; more may come with links. */
  readonly listeners: readonly OfferAddress[];
}
/** The result of `pair-join`. */
export interface JoinBegun {
  readonly run: RunId;
}
