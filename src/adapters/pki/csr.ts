// Writes a PKCS#10 request (RFC 2986): the key and the proof of having it, and nothing else, for the issuer chooses
// every name and extension. What a request must be is checked in `core/leaf/csr.ts`.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { bits, decodeDer, ECDSA_WITH_SHA256, emptySet, encodeDer, integer, oid, sequence } from './der.js';
import { spkiOf } from './keys.js';

const VERSION_1 = 0;
const ATTRIBUTES_TAG = 0;

/** The request, in DER, for the P-256 key in `keyPem` (PKCS#8). */
export function createCsr(keyPem: string): Uint8Array {
  const key = createPrivateKey(keyPem);
  const info = sequence(
    integer(VERSION_1),
    sequence(),
    decodeDer(spkiOf(createPublicKey(key))),
    emptySet(ATTRIBUTES_TAG),
  );
  const signature = sign('sha256', encodeDer(info), key);
  return encodeDer(sequence(info, sequence(oid(ECDSA_WITH_SHA256)), bits(signature)));
}
