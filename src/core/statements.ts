// What a user CA says about devices and other users, as a signed text. A statement counts by its signature, never by
// where it lay; here it is parsed and verified, and never made.
import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { deviceIdOf, parseDeviceId, parseUserId, userIdOf, type DeviceId, type UserId } from './ids.js';
import { isDatabaseName } from './policy/policy.js';

/** The form in which a statement travels and is stored. */
export interface StatementDocument {
  /** The exact JSON text that was signed. */
  readonly payload: string;
  /** Base64url of the 64 bytes r ‖ s (IEEE P1363). */
  readonly signature: string;
  readonly by: string;
}

export type Payload = v.InferOutput<typeof PAYLOAD>;
export type DevicePayload = Extract<Payload, { type: 'device' }>;
export type RevocationPayload = Extract<Payload, { type: 'revocation' }>;
export type SharePayload = Extract<Payload, { type: 'share' }>;
export type KeyHolderPayload = Extract<Payload, { type: 'key-holder' }>;

/** A statement of the right form. Who has not called `verifyStatement` knows nothing yet. */
export interface Statement<Kind extends Payload = Payload> {
  /** SHA-256 of the payload's bytes in lower-case hex: the `_id` in the directory. */
  readonly id: string;
  readonly by: UserId;
  readonly payload: Kind;
  readonly payloadText: string;
  readonly signature: Uint8Array;
}

export const isAbout = <Type extends Payload['type']>(
  statement: Statement,
  type: Type,
): statement is Statement<Extract<Payload, { type: Type }>> => statement.payload.type === type;

export interface StatementProblem {
  readonly problem: 'envelope' | 'payload-size' | 'payload-json' | 'payload' | 'by' | 'certificate';
}

export const MAX_PAYLOAD_BYTES = 32 * 1024;
export const MAX_CERTIFICATE_CHARACTERS = 4 * 1024;
export const MAX_SHARED_DATABASES = 256;
export const MAX_REVOCATIONS_PER_CA = 1000;
export const MAX_DEVICE_NAME_CHARACTERS = 64;
const SIGNATURE_CHARACTERS = 86;
const SIGNED_PREFIX = Buffer.from('patchcord-statement-v1\0');

const ENVELOPE = v.strictObject({ payload: v.string(), signature: v.string(), by: v.string() });

const DEVICE_ID = v.custom<DeviceId>((value) => typeof value === 'string' && parseDeviceId(value) !== null);
const USER_ID = v.custom<UserId>((value) => typeof value === 'string' && parseUserId(value) !== null);
const TIME = v.pipe(v.string(), v.check(isTime));
const COUNTER = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const PEM = v.pipe(v.string(), v.maxLength(MAX_CERTIFICATE_CHARACTERS));
const NAME = v.pipe(v.string(), v.check(isDeviceName));
const DATABASE = v.strictObject({
  name: v.pipe(v.string(), v.check(isDatabaseName)),
  access: v.picklist(['read', 'write']),
});
const DATABASES = v.pipe(
  v.array(DATABASE),
  v.maxLength(MAX_SHARED_DATABASES),
  v.check((databases) => haveOwnNames(databases)),
);

/** An unknown key is refused: a later version's statement must not be half understood. */
const PAYLOAD = v.variant('type', [
  v.strictObject({
    type: v.literal('device'),
    userId: USER_ID,
    time: TIME,
    deviceId: DEVICE_ID,
    name: NAME,
    leaf: PEM,
    counter: COUNTER,
  }),
  v.strictObject({ type: v.literal('revocation'), userId: USER_ID, time: TIME, deviceId: DEVICE_ID }),
  v.strictObject({ type: v.literal('key-holder'), userId: USER_ID, time: TIME, deviceId: DEVICE_ID }),
  v.strictObject({
    type: v.literal('share'),
    userId: USER_ID,
    time: TIME,
    peerUserId: USER_ID,
    ca: PEM,
    databases: DATABASES,
    counter: COUNTER,
  }),
]);

/** RFC 3339 in UTC, with milliseconds, as `Date.prototype.toISOString` writes it: one time, one text. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** 1 to 64 characters, without control, formatting (so bidirectional) and unpaired surrogate characters. */
export function isDeviceName(name: string): boolean {
  if (name === '' || name.length > MAX_DEVICE_NAME_CHARACTERS) return false;
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name);
}

function haveOwnNames(databases: readonly { name: string }[]): boolean {
  return new Set(databases.map(({ name }) => name)).size === databases.length;
}

/** The statement in `untrusted`, of which only the form is known now; or what is wrong with it. Never throws. */
export function parseStatement(untrusted: unknown): Statement | StatementProblem {
  const envelope = v.safeParse(ENVELOPE, untrusted);
  if (!envelope.success) return { problem: 'envelope' };
  const { payload: payloadText, signature: signatureText } = envelope.output;
  const signature = Buffer.from(signatureText, 'base64url');
  // Two texts of one signature would be two documents.
  if (signatureText.length !== SIGNATURE_CHARACTERS || signature.toString('base64url') !== signatureText) {
    return { problem: 'envelope' };
  }
  const payload = parsePayload(payloadText);
  if ('problem' in payload) return payload;
  if (envelope.output.by !== payload.userId) return { problem: 'by' };
  if (!hasOwnCertificate(payload)) return { problem: 'certificate' };
  const id = createHash('sha256').update(payloadText).digest('hex');
  return { id, by: payload.userId, payload, payloadText, signature };
}

function parsePayload(payloadText: string): Payload | StatementProblem {
  if (Buffer.byteLength(payloadText) > MAX_PAYLOAD_BYTES) return { problem: 'payload-size' };
  let untrusted: unknown;
  try {
    untrusted = JSON.parse(payloadText);
  } catch {
    return { problem: 'payload-json' };
  }
  const payload = v.safeParse(PAYLOAD, untrusted);
  return payload.success ? payload.output : { problem: 'payload' };
}

/** Whether the certificate that a payload carries is of the device or the user that it names. */
function hasOwnCertificate(payload: Payload): boolean {
  if (payload.type === 'device') {
    const key = certificateKey(payload.leaf);
    return key !== null && deviceIdOf(key) === payload.deviceId;
  }
  if (payload.type === 'share') {
    const key = certificateKey(payload.ca);
    return key !== null && userIdOf(key) === payload.peerUserId;
  }
  return true;
}

const ONE_PEM = /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n$/;

function certificateKey(pem: string): Uint8Array | null {
  if (!ONE_PEM.test(pem)) return null;
  try {
    return new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  } catch {
    return null;
  }
}

/** The bytes that a user CA signs for a payload. */
export const signedBytes = (payloadText: string): Uint8Array =>
  Buffer.concat([SIGNED_PREFIX, Buffer.from(payloadText)]);

/** Whether the CA with this public key made the statement. False for a statement by anyone else, and on any doubt. */
export function verifyStatement(statement: Statement, caPublicKey: KeyObject): boolean {
  const spkiDer = caPublicKey.export({ type: 'spki', format: 'der' });
  if (userIdOf(spkiDer) !== statement.by) return false;
  const key = { key: caPublicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', signedBytes(statement.payloadText), key, statement.signature);
}

/** The form in which a statement travels: what was parsed, to the letter. */
export const formatStatement = ({ payloadText, signature, by }: Statement): StatementDocument => ({
  payload: payloadText,
  signature: Buffer.from(signature).toString('base64url'),
  by,
});
