// What a user CA says about devices and other users, as a signed text. A statement counts by its signature, never by
// where it lay; here it is parsed and verified, and never made.
import { X509Certificate, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { deviceIdOf, parseDeviceId, parseUserId, userIdOf, type DeviceId, type UserId } from './ids.js';
import { isDatabaseName } from './policy/policy.js';
import {
  bytesToSign,
  formatSigned,
  isSignedWith,
  parseSigned,
  type SignedDocument,
  type SignedText,
  type TextProblem,
} from './signed-text.js';

export type StatementDocument = SignedDocument;

export type Payload = v.InferOutput<typeof PAYLOAD>;
export type DevicePayload = Extract<Payload, { type: 'device' }>;
export type RevocationPayload = Extract<Payload, { type: 'revocation' }>;
export type SharePayload = Extract<Payload, { type: 'share' }>;
export type KeyHolderPayload = Extract<Payload, { type: 'key-holder' }>;

/** A statement of the right form. Who has not called `verifyStatement` knows nothing yet. */
export interface Statement<Kind extends Payload = Payload> extends SignedText<Kind> {
  readonly by: UserId;
}

export const isAbout = <Type extends Payload['type']>(
  statement: Statement,
  type: Type,
): statement is Statement<Extract<Payload, { type: Type }>> => statement.payload.type === type;

export interface StatementProblem {
  readonly problem: TextProblem['problem'] | 'by' | 'certificate';
}

export const MAX_CERTIFICATE_CHARACTERS = 4 * 1024;
export const MAX_SHARED_DATABASES = 256;
export const MAX_REVOCATIONS_PER_CA = 1000;
/** Many of them have to fit into one line to the gateway, and another user's CA could put spaces into its own. */
export const MAX_REVOCATION_BYTES = 224;
export const MAX_DEVICE_NAME_CHARACTERS = 64;
const STATEMENT_PREFIX = 'patchcord-statement-v1';

export const DEVICE_ID = v.custom<DeviceId>(
  (value) => typeof value === 'string' && parseDeviceId(value) !== null,
);
export const USER_ID = v.custom<UserId>((value) => typeof value === 'string' && parseUserId(value) !== null);
export const TIME = v.pipe(v.string(), v.check(isTime));
export const COUNTER = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const PEM = v.pipe(v.string(), v.maxLength(MAX_CERTIFICATE_CHARACTERS));
export const NAME = v.pipe(v.string(), v.check(isDeviceName));
const DATABASE = v.strictObject({
  name: v.pipe(v.string(), v.check(isDatabaseName)),
  access: v.picklist(['read', 'write']),
});
export const DATABASES = v.pipe(
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
  const text = parseSigned(untrusted, PAYLOAD);
  if ('problem' in text) return text;
  const { userId } = text.payload;
  if (text.by !== userId) return { problem: 'by' };
  if (text.payload.type === 'revocation' && Buffer.byteLength(text.payloadText) > MAX_REVOCATION_BYTES)
    return { problem: 'payload-size' };
  return hasOwnCertificate(text.payload) ? { ...text, by: userId } : { problem: 'certificate' };
}

/** Whether the certificate that a payload carries is of the device or the user that it names. */
function hasOwnCertificate(payload: Payload): boolean {
  if (payload.type === 'device') {
    const key = certificateKey(payload.leaf);
    return key !== null && deviceIdOf(key) === payload.deviceId;
  }
  if (payload.type === 'share') {
    return isCaOf(payload.ca, payload.peerUserId);
  }
  return true;
}

/** Whether this is one PEM of a certificate for that user's key. */
export function isCaOf(pem: string, user: UserId): boolean {
  const key = certificateKey(pem);
  return key !== null && userIdOf(key) === user;
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
export const signedBytes = (payloadText: string): Uint8Array => bytesToSign(STATEMENT_PREFIX, payloadText);

/** Whether the CA with this public key made the statement. False for a statement by anyone else, and on any doubt. */
export function verifyStatement(statement: Statement, caPublicKey: KeyObject): boolean {
  const spkiDer = caPublicKey.export({ type: 'spki', format: 'der' });
  if (userIdOf(spkiDer) !== statement.by) return false;
  return isSignedWith(STATEMENT_PREFIX, statement, caPublicKey);
}

/** The form in which a statement travels: what was parsed, to the letter. */
export const formatStatement = (statement: Statement): StatementDocument => formatSigned(statement);
