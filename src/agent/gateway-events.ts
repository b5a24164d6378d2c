// What the gateway says, as the agent lets it in: it may have been taken over by then, so that each event is taken
// apart, and only what is known and bounded is kept, without characters that could steer a terminal.
import * as v from 'valibot';
import {
  MAX_PAIR_DATA_BYTES,
  PAIR_END_REASONS,
  PAIR_KINDS,
  type PairEndReason,
} from '../core/control/pairing.js';
import type { UserId } from '../core/ids.js';
import { isDeviceName } from '../core/statements.js';

const MAX_TEXT = 256;
const MAX_ITEMS = 4096;
/** Control, bidirectional and zero-width characters, and the line separators of Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Without what does not print, and not longer than people read. */
export const cleanText = (text: string): string => text.slice(0, MAX_TEXT).replace(UNPRINTABLE, '\ufffd');

/** Addresses of requests say nothing to people, and fill a line. */
export const cleanReason = (reason: string): string =>
  cleanText(reason.replace(/https?:\/\/[^\s"'<>]+/g, '…'));

export const text = v.pipe(v.string(), v.transform(cleanText));
export const id = v.pipe(v.string(), v.regex(/^[3-9A-Y]{48}$/));
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
export const listener = { address: text, zone: v.nullable(text), port };
export const list = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.maxLength(MAX_ITEMS));
export const principal = v.object({
  deviceId: id,
  role: text,
  issuer: v.exactOptional(text),
  cert: v.exactOptional(text),
});
/** An address on a link where a device might be; null for a name that no known device has. */
export const peerHint = { deviceId: v.nullable(id), instance: text, address: text, zone: text, port };
/** Null where local programs have no way to peers. */
export const streamDoor = v.nullable(v.object({ port: v.nullable(port) }));
/** Of an offer, or of a run. */
const shortId = v.pipe(v.string(), v.regex(/^[3-9A-Y]{16}$/));
const pairKind = v.picklist(PAIR_KINDS);
const deviceName = v.pipe(v.string(), v.check(isDeviceName));
const pairData = v.pipe(
  v.string(),
  v.maxLength(Math.ceil((MAX_PAIR_DATA_BYTES * 4) / 3)),
  v.transform((base64): Uint8Array => Buffer.from(base64, 'base64url')),
);
const endReason = v.picklist(Object.keys(PAIR_END_REASONS) as PairEndReason[]);
const problem = v.object({ path: text, reason: text });

const READY = v.object({
  event: v.literal('ready'),
  time,
  listeners: list(v.object(listener)),
  confinedBy: list(text),
  peerStreams: streamDoor,
});
const EVENT = v.variant('event', [
  v.object({ event: v.literal('listening'), time, ...listener }),
  v.object({ event: v.literal('unlistening'), time, ...listener }),
  v.object({ event: v.literal('connected'), time, principal, address: text }),
  v.object({ event: v.literal('disconnected'), time, principal, address: text }),
  v.object({ event: v.literal('peer-seen'), time, ...peerHint }),
  v.object({ event: v.literal('peer-lost'), time, ...peerHint }),
  v.object({ event: v.literal('peer-reached'), time, deviceId: id, principal, ...listener }),
  v.object({ event: v.literal('peer-unreached'), time, deviceId: id }),
  v.object({ event: v.literal('peer-turns-away'), time, deviceId: id }),
  v.object({
    event: v.literal('revocations-learned'),
    time,
    deviceId: id,
    revocations: list(v.unknown()),
  }),
  v.object({ event: v.literal('pair-offer-seen'), time, offer: shortId, kind: pairKind, ...listener }),
  v.object({ event: v.literal('pair-offer-lost'), time, offer: shortId }),
  v.object({ event: v.literal('pair-strike'), time, run: shortId, left: count }),
  v.object({
    event: v.literal('pair-proved'),
    run: shortId,
    label: deviceName,
    /** Of the other side's clock: here the event's own time gives way to it. */
    time,
    userId: v.nullable(
      v.pipe(
        id,
        v.transform((userId) => userId as UserId),
      ),
    ),
  }),
  v.object({ event: v.literal('pair-data'), time, run: shortId, data: pairData }),
  v.object({ event: v.literal('pair-ended'), time, run: shortId, reason: endReason }),
  v.object({
    event: v.literal('denied'),
    time,
    rule: text,
    principal: v.nullable(principal),
    reason: v.exactOptional(text),
    deviceId: v.exactOptional(id),
    address: v.exactOptional(text),
    dialled: v.exactOptional(id),
    requestId: v.exactOptional(text),
    count: v.exactOptional(count),
  }),
  v.object({ event: v.literal('warning'), time, code: text, message: text, about: v.exactOptional(text) }),
  v.object({ event: v.literal('fatal'), time, problems: list(problem) }),
  v.object({ event: v.literal('stopped'), time }),
]);

export type GatewayReady = v.InferOutput<typeof READY>;
export type SeenEvent = v.InferOutput<typeof EVENT>;
export type SeenListener = GatewayReady['listeners'][number];

/** Throws for what is no `ready`. */
export const parseReady = (untrusted: unknown): GatewayReady => v.parse(READY, untrusted);

/** The event; null for one that is unknown or malformed. */
export function parseGatewayEvent(untrusted: unknown): SeenEvent | null {
  const result = v.safeParse(EVENT, untrusted);
  return result.success ? result.output : null;
}
