// A user CA, and the leaves that it signs: the profiles made into certificates. The issuer chooses every name and
// extension; of the subject it takes the key alone.
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { deviceIdOf, userIdOf, type UserId } from '../../core/ids.js';
import { buildCertificate } from './build-certificate.js';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyId,
  type Extension,
} from './extensions.js';
import { createP256Key, PkiError, requireP256, spkiOf } from './keys.js';
import { PROFILES, validityOf } from './profiles.js';

export interface UserCa {
  readonly certPem: string;
  /** PKCS#8, not encrypted: for the disk of a device that may add others, and for nothing else. */
  readonly keyPem: string;
  readonly userId: UserId;
}

/** A new user: a key and its self-signed CA, whose `CN` is the user id. */
export function createUserCa({ now }: { now: Date }): UserCa {
  const { keyPem, publicKey } = createP256Key();
  const userId = userIdOf(publicKey);
  const profile = PROFILES.ca;
  const certPem = buildCertificate({
    issuer: userId,
    subject: userId,
    ...validityOf(profile, now),
    publicKey,
    extensions: [
      basicConstraints(profile.basicConstraints),
      keyUsage(profile.keyUsage),
      subjectKeyId(publicKey),
    ],
    signingKey: createPrivateKey(keyPem),
  });
  return { certPem, keyPem, userId };
}

/**
 * A leaf, as PEM, for the device with this public key (DER SubjectPublicKeyInfo). It is never valid when the CA is not.
 * Throws `PkiError`: `not-p256`, or `ca-outside-dates` when the CA is not valid at `now`.
 */
export function issueLeaf({ ca, publicKey, now }: { ca: UserCa; publicKey: Uint8Array; now: Date }): string {
  requireP256(publicKey);
  const signingKey = createPrivateKey(ca.keyPem);
  return buildCertificate({
    issuer: ca.userId,
    subject: deviceIdOf(publicKey),
    ...validityWithin(new X509Certificate(ca.certPem), now),
    publicKey,
    extensions: leafExtensions(publicKey, signingKey),
    signingKey,
  });
}

function leafExtensions(publicKey: Uint8Array, signingKey: KeyObject): Extension[] {
  const profile = PROFILES.leaf;
  const named = (template: string): string => template.replace('<device id>', deviceIdOf(publicKey));
  return [
    basicConstraints(profile.basicConstraints),
    keyUsage(profile.keyUsage),
    extendedKeyUsage(profile.extendedKeyUsage),
    subjectAltName({ dnsName: named(profile.dnsName), uri: named(profile.uri) }),
    subjectKeyId(publicKey),
    authorityKeyId(spkiOf(createPublicKey(signingKey))),
  ];
}

function validityWithin(ca: X509Certificate, now: Date): { notBefore: Date; notAfter: Date } {
  const [caFrom, caTo] = [new Date(ca.validFrom), new Date(ca.validTo)];
  if (now < caFrom || now >= caTo) throw new PkiError('ca-outside-dates', 'the user CA is not valid now');
  const { notBefore, notAfter } = validityOf(PROFILES.leaf, now);
  return { notBefore: notBefore < caFrom ? caFrom : notBefore, notAfter: notAfter > caTo ? caTo : notAfter };
}
