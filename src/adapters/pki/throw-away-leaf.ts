// The certificate that one side shows in one run of pairing. It proves nothing by itself: the code does, and it is
// bound to this certificate. It names nobody, so that who dials learns nothing by it.
import { createPrivateKey } from 'node:crypto';
import { buildCertificate } from './build-certificate.js';
import { basicConstraints, extendedKeyUsage, keyUsage, subjectKeyId } from './extensions.js';
import { createP256Key } from './keys.js';
import { PROFILES, validityOf } from './profiles.js';

export interface ThrowAwayLeaf {
  readonly certPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

/** A new key with its self-signed certificate. */
export function createThrowAwayLeaf({ now }: { now: Date }): ThrowAwayLeaf {
  const { keyPem, publicKey } = createP256Key();
  const profile = PROFILES.throwAway;
  const certPem = buildCertificate({
    issuer: profile.commonName,
    subject: profile.commonName,
    ...validityOf(profile, now),
    publicKey,
    extensions: [
      basicConstraints(profile.basicConstraints),
      keyUsage(profile.keyUsage),
      extendedKeyUsage(profile.extendedKeyUsage),
      subjectKeyId(publicKey),
    ],
    signingKey: createPrivateKey(keyPem),
  });
  return { certPem, keyPem };
}
