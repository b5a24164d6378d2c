// What makes a swap visible to two people: commitments, and six digits over all that is to be signed. Made by the
// launchers and never by a gateway, which could have been taken over and knows the code and the session's key.
import { createHash, timingSafeEqual } from 'node:crypto';
import { lv } from '../encoding.js';

const DIGITS = 6;
const JOIN_DIGITS = Buffer.from('patchcord-sas');
const SHARE_DIGITS = Buffer.from('patchcord-sas-share');

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** SHA-256(nonce ‖ opened). The nonce has one length, so that the two can be told apart. */
export const commitmentOf = (nonce: Uint8Array, opened: Uint8Array): Uint8Array => sha256(nonce, opened);

/** Whether what was opened is what had been committed to. */
export const isCommitted = (commitment: Uint8Array, nonce: Uint8Array, opened: Uint8Array): boolean =>
  timingSafeEqual(commitment, commitmentOf(nonce, opened));

/** What both sides of a join are to sign or to keep; `nonceA` is the joiner's. DER says its own length. */
export const joinDigits = (csr: Uint8Array, ca: Uint8Array, nonceA: Uint8Array, nonceB: Uint8Array): string =>
  digitsOf(sha256(JOIN_DIGITS, csr, ca, nonceA, nonceB));

/** What both sides of a share grant, each as it was opened; A is the side that took the offer. */
export const shareDigits = (
  grantA: Uint8Array,
  grantB: Uint8Array,
  nonceA: Uint8Array,
  nonceB: Uint8Array,
): string => digitsOf(sha256(SHARE_DIGITS, lv(grantA, grantB, nonceA, nonceB)));

/** The whole hash, as a big-endian number, modulo 10^6; with its leading zeros. */
const digitsOf = (hash: Uint8Array): string =>
  (BigInt(`0x${Buffer.from(hash).toString('hex')}`) % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, '0');
