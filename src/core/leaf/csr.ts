// Reads a PKCS#10 request (RFC 2986) from someone who wants a leaf. Of all that it may say the key alone is taken, and
// only with the proof that its private key is there; judged on the bytes as they came.
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readDer, type DerNode } from './der.js';

export const MAX_CSR_BYTES = 4096;

export type CsrProblem = 'too-large' | 'malformed' | 'not-p256' | 'no-possession';

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
/** A P-256 SubjectPublicKeyInfo whose point is not compressed (RFC 5480 section 2.2), up to the point. */
const P256_SPKI_START = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';
const P256_SPKI_BYTES = 91;
/** ecdsa-with-SHA256 as the content of an AlgorithmIdentifier (RFC 5758 section 3.2). */
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The public key (DER SubjectPublicKeyInfo) of a request that is good in every way, or what is wrong with it. */
export function parseCsr(
  untrusted: Uint8Array,
): { readonly publicKey: Uint8Array } | { readonly problem: CsrProblem } {
  if (untrusted.length > MAX_CSR_BYTES) return { problem: 'too-large' };
  const parts = readParts(untrusted);
  if (parts === null) return { problem: 'malformed' };
  const key = readP256(parts.publicKey);
  if (key === null) return { problem: 'not-p256' };
  if (!verify('sha256', parts.signed, key, parts.signature)) return { problem: 'no-possession' };
  return { publicKey: parts.publicKey };
}

interface Parts {
  /** The bytes that the signature is over. */
  readonly signed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

function readParts(der: Uint8Array): Parts | null {
  const [outer, ...rest] = readDer(der) ?? [];
  if (outer?.tag !== SEQUENCE || rest.length > 0) return null;
  const [info, algorithm, signature, ...more] = readDer(outer.content) ?? [];
  if (info?.tag !== SEQUENCE || signature?.tag !== BIT_STRING || more.length > 0) return null;
  if (algorithm === undefined || hex(algorithm.content) !== ECDSA_WITH_SHA256) return null;
  const [version, subject, key, ...attributes] = readDer(info.content) ?? [];
  if (version === undefined || hex(version.content) !== '00' || key?.tag !== SEQUENCE) return null;
  if (subject?.tag !== SEQUENCE || attributes.length > 1 || signature.content[0] !== 0) return null;
  return {
    signed: wholeOf(der, info, outer.content.byteOffset - der.byteOffset),
    publicKey: wholeOf(der, key, endOf(der, subject)),
    signature: signature.content.subarray(1),
  };
}

const endOf = (der: Uint8Array, { content }: DerNode): number =>
  content.byteOffset + content.length - der.byteOffset;

/** A value with its header, which begins at `start`. */
const wholeOf = (der: Uint8Array, node: DerNode, start: number): Uint8Array =>
  der.subarray(start, endOf(der, node));

function readP256(spkiDer: Uint8Array): KeyObject | null {
  if (spkiDer.length !== P256_SPKI_BYTES || !hex(spkiDer).startsWith(P256_SPKI_START)) return null;
  try {
    return createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
