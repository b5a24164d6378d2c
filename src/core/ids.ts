// Ids as branded types: a text from outside becomes one here and nowhere else. What takes a BlobId can not be given
// a path.
import { createHash } from 'node:crypto';
import { encodeDbase32 } from './dbase32.js';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 48 characters of D-Base32 that name a blob by its content. */
export type BlobId = Branded<'BlobId'>;
/** 48 characters of D-Base32 over a device's public key. */
export type DeviceId = Branded<'DeviceId'>;
/** 48 characters of D-Base32 over the public key of a user CA. */
export type UserId = Branded<'UserId'>;
/** SHA-256 of a certificate's DER: 64 lower-case hex digits. */
export type Fingerprint = Branded<'Fingerprint'>;

/** Bytes behind an id: 240 bits. */
export const ID_BYTES = 30;

const ID = /^[3-9A-Y]{48}$/;
const FINGERPRINT = /^[0-9a-f]{64}$/;

/** The id in `text`, or null for whatever is not exactly one. */
export const parseBlobId = (text: string): BlobId | null => (ID.test(text) ? (text as BlobId) : null);
/** The id in `text`, or null for whatever is not exactly one. */
export const parseDeviceId = (text: string): DeviceId | null => (ID.test(text) ? (text as DeviceId) : null);
/** The id in `text`, or null for whatever is not exactly one. */
export const parseUserId = (text: string): UserId | null => (ID.test(text) ? (text as UserId) : null);
/** The fingerprint in `text`, or null for whatever is not exactly one. */
export const parseFingerprint = (text: string): Fingerprint | null =>
  FINGERPRINT.test(text) ? (text as Fingerprint) : null;

/** The id of a digest of 30 bytes; throws `RangeError` for any other length. */
export function formatBlobId(digest: Uint8Array): BlobId {
  if (digest.length !== ID_BYTES) throw new RangeError('an id is made of 30 bytes');
  return encodeDbase32(digest) as BlobId;
}

const idOfKey = (spkiDer: Uint8Array): string =>
  encodeDbase32(createHash('sha256').update(spkiDer).digest().subarray(0, ID_BYTES));

/** The device whose public key this is: `spkiDer` is the DER SubjectPublicKeyInfo. */
export const deviceIdOf = (spkiDer: Uint8Array): DeviceId => idOfKey(spkiDer) as DeviceId;
/** The user whose CA has this public key: `spkiDer` is the DER SubjectPublicKeyInfo. */
export const userIdOf = (spkiDer: Uint8Array): UserId => idOfKey(spkiDer) as UserId;
/** SHA-256 over a certificate's DER. */
export const fingerprintOf = (certificateDer: Uint8Array): Fingerprint =>
  createHash('sha256').update(certificateDer).digest('hex') as Fingerprint;
