// What a device without the user CA key asks of one that has it, signed with its leaf key. It is a wish and grants
// nothing: a gateway that was taken over has that key as well, so a person at the device with the CA key decides.
import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { isRevokedBy, nextCounter, type DirectoryRecord } from './directory/record.js';
import type { DeviceId, UserId } from './ids.js';
import { bytesToSign, isSignedWith, parseSigned, type SignedText, type TextProblem } from './signed-text.js';
import { COUNTER, DATABASES, DEVICE_ID, isCaOf, NAME, PEM, TIME, USER_ID } from './statements.js';

const REQUEST_PREFIX = 'patchcord-request-v1';
const COMMON = { userId: USER_ID, time: TIME, from: DEVICE_ID, counter: COUNTER };

/** `counter` is that of the statement which is asked for. */
const PAYLOAD = v.variant('type', [
  v.strictObject({ type: v.literal('rename-request'), ...COMMON, deviceId: DEVICE_ID, name: NAME }),
  v.strictObject({
    type: v.literal('share-request'),
    ...COMMON,
    peerUserId: USER_ID,
    ca: PEM,
    databases: DATABASES,
  }),
]);

export type RequestPayload = v.InferOutput<typeof PAYLOAD>;
/** What is asked for, without who asks and when. */
export type Wish = RequestPayload extends infer One
  ? One extends RequestPayload
    ? Omit<One, keyof typeof COMMON>
    : never
  : never;

export const wishOf = (payload: RequestPayload): Wish =>
  payload.type === 'rename-request'
    ? { type: payload.type, deviceId: payload.deviceId, name: payload.name }
    : {
        ...{ type: payload.type, peerUserId: payload.peerUserId },
        ...{ ca: payload.ca, databases: payload.databases },
      };

/** Of the right form. Who has not called `isOpenRequest` knows nothing yet. */
export interface Request extends SignedText<RequestPayload> {
  readonly by: DeviceId;
}

/** The request in `untrusted`, or what is wrong with it. Never throws. */
export function parseRequest(
  untrusted: unknown,
): Request | { readonly problem: TextProblem['problem'] | 'by' | 'certificate' } {
  const text = parseSigned(untrusted, PAYLOAD);
  if ('problem' in text) return text;
  const { payload } = text;
  if (text.by !== payload.from) return { problem: 'by' };
  if (payload.type === 'share-request' && !isCaOf(payload.ca, payload.peerUserId))
    return { problem: 'certificate' };
  return { ...text, by: payload.from };
}

/** The bytes that a device signs for a payload. */
export const requestBytes = (payloadText: string): Uint8Array => bytesToSign(REQUEST_PREFIX, payloadText);

/** The counter that the statement would have which is asked for. */
export const counterFor = ({ devices, shares }: DirectoryRecord, wish: Wish): number =>
  nextCounter(wish.type === 'rename-request' ? devices.get(wish.deviceId) : shares.get(wish.peerUserId));

/** Whether a device of this user, which is not revoked, asks for it, and nothing newer was signed of the same thing. */
export function isOpenRequest(record: DirectoryRecord, userId: UserId, request: Request): boolean {
  const { payload, by } = request;
  const device = record.devices.get(by);
  if (device === undefined || payload.userId !== userId || isRevokedBy(record, userId, by)) return false;
  const { publicKey } = new X509Certificate(device.payload.leaf);
  return isSignedWith(REQUEST_PREFIX, request, publicKey) && payload.counter === counterFor(record, payload);
}
