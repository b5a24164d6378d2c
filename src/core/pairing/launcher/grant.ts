// What one user opens to another in a share: the own user CA, and the databases that this person offers. It travels as
// one text, which is what is committed to and what the digits are made of.
import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { userIdOf } from '../../ids.js';
import { readCertificate } from '../../leaf/certificate.js';
import type { TrustedCa } from '../../leaf/trust.js';
import { isDatabaseName } from '../../policy/policy.js';
import { MAX_SHARED_DATABASES } from '../../statements.js';
import { bytesShape, formatBytes } from '../bytes.js';
import { MAX_CA_BYTES, MAX_GRANT_BYTES } from './messages.js';

export interface SharedDatabase {
  readonly name: string;
  readonly access: 'read' | 'write';
}

/** A user CA that holds now, as it may stand in `trust.cas`. */
export interface UserCaCertificate extends Omit<TrustedCa, 'name'> {
  readonly der: Uint8Array;
  readonly pem: string;
}

export interface Grant {
  readonly ca: UserCaCertificate;
  readonly databases: readonly SharedDatabase[];
}

const GRANT = v.strictObject({
  ca: bytesShape(1, MAX_CA_BYTES),
  databases: v.pipe(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), v.check(isDatabaseName)),
        access: v.picklist(['read', 'write']),
      }),
    ),
    v.maxLength(MAX_SHARED_DATABASES),
    v.check((databases) => new Set(databases.map(({ name }) => name)).size === databases.length),
  ),
});

/** The user CA in a DER: its own signature, on P-256, and within its dates at `now`. Null for anything else. */
export function readUserCa(der: Uint8Array, now: Date): UserCaCertificate | null {
  const certificate = readCertificate(der);
  if (certificate === null) return null;
  const { x509, isP256, isSignedSoundly, notBefore, notAfter } = certificate;
  // Bytes after the certificate would be two DERs of one certificate.
  if (!x509.ca || !isP256 || !isSignedSoundly || !x509.verify(x509.publicKey)) return null;
  if (now < notBefore || now >= notAfter || !Buffer.from(x509.raw).equals(der)) return null;
  const { publicKey } = x509;
  const userId = userIdOf(publicKey.export({ type: 'spki', format: 'der' }));
  return { userId, publicKey, notBefore, notAfter, der, pem: x509.toString() };
}

/** The bytes that a launcher opens; throws `RangeError` for a list that is too long for a message. */
export function formatGrant(caPem: string, databases: readonly SharedDatabase[]): Uint8Array {
  const ca = formatBytes(new X509Certificate(caPem).raw);
  const listed = databases.map(({ name, access }) => ({ name, access }));
  const bytes = new TextEncoder().encode(JSON.stringify({ ca, databases: listed }));
  if (bytes.length > MAX_GRANT_BYTES) throw new RangeError('the list of databases is too long');
  return bytes;
}

/** What was opened; null for anything that is not exactly a grant. Never throws. */
export function parseGrant(bytes: Uint8Array, now: Date): Grant | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const shape = v.safeParse(GRANT, JSON.parse(text));
    if (!shape.success) return null;
    const ca = readUserCa(shape.output.ca, now);
    return ca && { ca, databases: shape.output.databases };
  } catch {
    return null;
  }
}
