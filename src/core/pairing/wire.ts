// What two gateways say to each other in a run: the messages, and the associated data that the tags confirm. Parsed
// here and nowhere else. docs/protocol-pairing.md is the prose.
import * as v from 'valibot';
import { MAX_PAIR_DATA_BYTES, type PairEndReason, type PairKind } from '../control/pairing.js';
import { parseUserId, type UserId } from '../ids.js';
import { isDeviceName } from '../statements.js';
import { bytesShape, formatBytes } from './bytes.js';
import { POINT_BYTES, TAG_BYTES } from './cpace.js';
import { formatFrame, MAX_FRAME_BYTES } from './frames.js';

/** A takes the offer, B made it. */
export type Side = 'A' | 'B';

export const PROTOCOL_VERSION = 1;
export const NONCE_BYTES = 32;
/** Of AES-256-GCM. */
export const SEAL_BYTES = 16;
const MAX_AD_BYTES = 1024;
const MAX_BOX_BYTES = MAX_PAIR_DATA_BYTES + SEAL_BYTES;

/** What B may say in clear to A, for a person to know what to do next. A hint, as nothing is proved by then. */
export const REFUSALS = [
  'wrong-code',
  'spent',
  'expired',
  'busy',
  'other-kind',
  'other-version',
] as const satisfies readonly PairEndReason[];
export type RefusalReason = (typeof REFUSALS)[number];

const sealed = <Type extends string>(type: Type) =>
  v.strictObject({
    type: v.literal(type),
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    box: bytesShape(SEAL_BYTES, MAX_BOX_BYTES),
  });

const MESSAGE = v.variant('type', [
  v.strictObject({ type: v.literal('nonce'), nonce: bytesShape(NONCE_BYTES) }),
  v.strictObject({
    type: v.literal('share'),
    share: bytesShape(POINT_BYTES),
    ad: bytesShape(1, MAX_AD_BYTES),
  }),
  v.strictObject({ type: v.literal('tag'), tag: bytesShape(TAG_BYTES) }),
  v.strictObject({ type: v.literal('refuse'), reason: v.picklist(REFUSALS) }),
  sealed('data'),
  sealed('wait'),
  sealed('end'),
]);

export type WireMessage = v.InferOutput<typeof MESSAGE>;
export type WireType = WireMessage['type'];
export type SealedMessage = Extract<WireMessage, { box: Uint8Array }>;
export type SealedType = SealedMessage['type'];

/** The message in a frame's JSON; null for what is none: unknown types and keys included. Never throws. */
export function parseWireMessage(json: Uint8Array): WireMessage | null {
  if (json.length > MAX_FRAME_BYTES) return null;
  const result = v.safeParse(MESSAGE, parseJson(json));
  return result.success ? result.output : null;
}

/** A whole frame. */
export function formatWireMessage(message: WireMessage): Uint8Array {
  const fields = Object.entries(message).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? formatBytes(value) : value,
  ]);
  return formatFrame(new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields))));
}

/** What one side says of itself; the tags confirm it to the letter. */
export interface AssociatedData {
  readonly kind: PairKind;
  readonly side: Side;
  readonly label: string;
  /** Of its clock. */
  readonly time: Date;
  readonly userId: UserId | null;
}

const VERSION_ONLY = v.object({ version: v.number() });
const AD = v.strictObject({
  version: v.literal(PROTOCOL_VERSION),
  role: v.picklist(['join-A', 'join-B', 'share-A', 'share-B']),
  label: v.pipe(v.string(), v.check(isDeviceName)),
  time: v.pipe(v.string(), v.check(isTime)),
  userId: v.nullable(v.custom<UserId>((value) => typeof value === 'string' && parseUserId(value) !== null)),
});

/** As `toISOString` writes it. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

export const formatAd = ({ kind, side, label, time, userId }: AssociatedData): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      version: PROTOCOL_VERSION,
      role: `${kind}-${side}`,
      label,
      time: time.toISOString(),
      userId,
    }),
  );

/** What the other side says of itself, or why the run ends. Never throws. */
export function parseAd(bytes: Uint8Array): AssociatedData | 'other-version' | 'protocol' {
  const raw = parseJson(bytes);
  const version = v.safeParse(VERSION_ONLY, raw);
  if (version.success && version.output.version !== PROTOCOL_VERSION) return 'other-version';
  const shape = v.safeParse(AD, raw);
  if (!shape.success) return 'protocol';
  const { role, label, time, userId } = shape.output;
  const [kind, side] = role.split('-') as [PairKind, Side];
  return { kind, side, label, time: new Date(time), userId };
}

/** Undefined for what is no JSON in UTF-8. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
