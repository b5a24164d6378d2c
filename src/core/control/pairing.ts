// Pairing on the control channel: what its four methods take, and what its events say. The gateway runs the exchange
// and carries what the launchers say to each other; it signs nothing and learns nothing of what they sign.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { createProblems, parseShape, type Problem, type Problems } from '../env/problems.js';
import type { UserId } from '../ids.js';
import { parsePairingCode, type PairingCode } from '../pairing/code.js';
import { isDeviceName } from '../statements.js';

/** `join`: a device becomes one of the offerer's user. `share`: two users share databases. */
export const PAIR_KINDS = ['join', 'share'] as const;
export type PairKind = (typeof PAIR_KINDS)[number];

/** What a launcher can have carried in one `pair-send`, before it is written as base64url. */
export const MAX_PAIR_DATA_BYTES = 40 * 1024;
/** How long an offer may stand. */
export const MAX_OFFER_SECONDS = 300;
const MAX_PEM_CHARACTERS = 4 * 1024;
const MAX_DATA_CHARACTERS = Math.ceil((MAX_PAIR_DATA_BYTES * 4) / 3);

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

const pem = v.pipe(v.string(), v.maxLength(MAX_PEM_CHARACTERS, 'is too long'));
const kind = v.picklist(PAIR_KINDS, `must be ${PAIR_KINDS.map((name) => `"${name}"`).join(' or ')}`);
const code = v.pipe(
  v.string(),
  v.check((typed) => parsePairingCode(typed) !== null, 'must be a code: 8 characters of base32'),
  v.transform((typed) => parsePairingCode(typed) as PairingCode),
);
const label = v.pipe(
  v.string(),
  v.check(isDeviceName, 'must have 1 to 64 characters, none of them control or bidirectional'),
);
const seconds = v.pipe(
  v.number(),
  v.check(
    (value) => Number.isInteger(value) && value >= 1 && value <= MAX_OFFER_SECONDS,
    `must be a whole number of seconds from 1 to ${MAX_OFFER_SECONDS}`,
  ),
);
const run = v.pipe(
  v.string(),
  v.check((text) => parseRunId(text) !== null, 'must be the id of a run'),
  v.transform((text) => text as RunId),
);
const offer = v.pipe(
  v.string(),
  v.check((text) => parseOfferId(text) !== null, 'must be the id of an offer'),
  v.transform((text) => text as OfferId),
);
const port = v.pipe(
  v.number(),
  v.check((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, 'must be a port'),
);
/** Link-local with its link, or loopback. */
const address = v.pipe(
  v.strictObject({
    address: v.pipe(v.string(), v.regex(/^(?:::1|fe80::[0-9a-f:]{1,34})$/, 'must be fe80::… or ::1')),
    zone: v.nullable(v.pipe(v.string(), v.regex(/^[^\s/%:]{1,15}$/, 'must be the name of a link'))),
    port,
  }),
  v.check(
    ({ address: text, zone }) => (text === '::1') === (zone === null),
    'must have a zone unless on ::1',
  ),
);
const data = v.pipe(
  v.string(),
  v.maxLength(MAX_DATA_CHARACTERS, 'is too long'),
  v.check((text) => Buffer.from(text, 'base64url').toString('base64url') === text, 'must be base64url'),
  v.transform((text): Uint8Array => Buffer.from(text, 'base64url')),
);

const OFFER = v.strictObject({ kind, code, label, leaf: pem, key: pem, seconds });
const JOIN = v.strictObject({
  kind,
  offer: v.union([offer, address], 'must be the id of an offer, or {"address", "zone", "port"}'),
  code,
  label,
  leaf: pem,
  key: pem,
});
const SEND = v.strictObject({ run, data });
const CANCEL = v.strictObject({ run });

export type PairOfferParams = v.InferOutput<typeof OFFER>;
export type PairJoinParams = v.InferOutput<typeof JOIN>;
export type PairSendParams = v.InferOutput<typeof SEND>;
export type PairCancelParams = v.InferOutput<typeof CANCEL>;

export type ParsedParams<Params> = { readonly params: Params } | { readonly problems: readonly Problem[] };

/** The params of `pair-offer`, or every problem. */
export const parsePairOffer = (untrusted: unknown): ParsedParams<PairOfferParams> =>
  parseParams(OFFER, untrusted, checkThrowAway);
/** The params of `pair-join`, or every problem. */
export const parsePairJoin = (untrusted: unknown): ParsedParams<PairJoinParams> =>
  parseParams(JOIN, untrusted, checkThrowAway);
/** The params of `pair-send`, or every problem. */
export const parsePairSend = (untrusted: unknown): ParsedParams<PairSendParams> =>
  parseParams(SEND, untrusted);
/** The params of `pair-cancel`, or every problem. */
export const parsePairCancel = (untrusted: unknown): ParsedParams<PairCancelParams> =>
  parseParams(CANCEL, untrusted);

function parseParams<Schema extends v.GenericSchema>(
  schema: Schema,
  untrusted: unknown,
  check?: (params: v.InferOutput<Schema>, problems: Problems) => void,
): ParsedParams<v.InferOutput<Schema>> {
  const problems = createProblems();
  const params = parseShape(schema, untrusted, [], problems);
  if (params !== null) check?.(params, problems);
  return params === null || problems.list.length > 0 ? { problems: problems.list } : { params };
}

/** The leaf and the key of one run must be each other's: TLS would only say so to a stranger. */
function checkThrowAway({ leaf, key }: { leaf: string; key: string }, problems: Problems): void {
  try {
    const certificate = new X509Certificate(leaf);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) problems.add(['key'], 'is not the key of leaf');
  } catch {
    problems.add(['leaf'], 'and key must be a certificate and its private key, as PEM');
  }
}
