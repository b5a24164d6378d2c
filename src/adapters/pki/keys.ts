// P-256 keys: the only kind that patchcord makes or signs for.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { deviceIdOf, type DeviceId } from '../../core/ids.js';

export class PkiError extends Error {
  readonly code: 'not-p256' | 'ca-outside-dates' | 'not-a-statement' | 'not-a-request' | 'wrong-passphrase';
  constructor(code: PkiError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The DER SubjectPublicKeyInfo of a P-256 key whose point is not compressed (RFC 5480 section 2.2). */
const P256_SPKI_BYTES = 91;

export interface KeyPair {
  /** PKCS#8. */
  readonly keyPem: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

export interface DeviceKey extends KeyPair {
  readonly deviceId: DeviceId;
}

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

export function createP256Key(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: spkiOf(publicKey),
  };
}

/** A new device's key, and with it its id. */
export function createDeviceKey(): DeviceKey {
  const pair = createP256Key();
  return { ...pair, deviceId: deviceIdOf(pair.publicKey) };
}

/** Throws `not-p256` unless the bytes are a P-256 key in the one form that its id is made over. */
export function requireP256(spkiDer: Uint8Array): void {
  const key = parseSpki(spkiDer);
  const isP256 = key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  // A compressed point and trailing bytes are other bytes for the same key, and so another id.
  if (!isP256 || spkiDer.length !== P256_SPKI_BYTES)
    throw new PkiError('not-p256', 'the key is not on P-256');
}

function parseSpki(spkiDer: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
