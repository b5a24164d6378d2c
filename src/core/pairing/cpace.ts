// CPace (draft-irtf-cfrg-cpace), suite CPACE-RISTR255-SHA512, initiator and responder, with explicit key confirmation.
// The draft's words are the code's words. Randomness comes in.
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { lv } from './encoding.js';

const DSI = Buffer.from('CPaceRistretto255');
const DSI_ISK = Buffer.from('CPaceRistretto255_ISK');
const MAC_LABEL = Buffer.from('CPaceMac');
/** Of SHA-512: what comes before the party's own input fills the first block. */
const S_IN_BYTES = 128;
/** Of a point, and of a scalar. */
export const POINT_BYTES = 32;
/** Random bytes that a scalar is made of: twice its size, so that none is likelier than another. */
export const SCALAR_SEED_BYTES = 64;
export const TAG_BYTES = 64;

const sha512 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** What both sides put in: PRS is the password, CI the channel, sid the session. */
export interface CpaceInput {
  readonly prs: Uint8Array;
  readonly ci: Uint8Array;
  readonly sid: Uint8Array;
}

/** One side's share and its associated data. */
export interface CpaceShare {
  /** Y: an encoded point. */
  readonly point: Uint8Array;
  /** AD. */
  readonly ad: Uint8Array;
}

/** `generator_string` (section 8.2). */
export function generatorString({ prs, ci, sid }: CpaceInput): Uint8Array {
  const padding = Math.max(0, S_IN_BYTES - 1 - lv(prs).length - lv(DSI).length);
  return lv(DSI, prs, new Uint8Array(padding), ci, sid);
}

type Point = InstanceType<typeof ristretto255.Point>;

/** `calculate_generator`. */
export const calculateGenerator = (input: CpaceInput): Uint8Array => generatorPoint(input).toBytes();

/** The element derivation of RFC 9496 section 4.3.4, over 64 bytes. */
function generatorPoint(input: CpaceInput): Point {
  const point = ristretto255_hasher.deriveToCurve?.(sha512(generatorString(input)));
  if (point === undefined) throw new Error('this version of the library derives no elements');
  return point;
}

/** A scalar of little-endian bytes: 64 random ones, modulo the order. Throws `RangeError` for zero. */
export function scalarOf(bytes: Uint8Array): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const scalar = value % ristretto255.Point.Fn.ORDER;
  if (scalar === 0n) throw new RangeError('a scalar may not be zero');
  return scalar;
}

/** The own share Y = G^y. */
export const shareOf = (input: CpaceInput, scalar: bigint): Uint8Array =>
  generatorPoint(input).multiply(scalar).toBytes();

/** `scalar_mult_vfy`: K, or null for a point that is not to be taken: no encoding, or the neutral element. */
export function scalarMultVfy(scalar: bigint, point: Uint8Array): Uint8Array | null {
  try {
    const decoded = ristretto255.Point.fromBytes(point);
    if (decoded.is0()) return null;
    const product = decoded.multiply(scalar);
    return product.is0() ? null : product.toBytes();
  } catch {
    return null;
  }
}

/** `transcript_ir`: the initiator's share first. */
export const transcriptIr = (a: CpaceShare, b: CpaceShare): Uint8Array =>
  Buffer.concat([lv(a.point, a.ad), lv(b.point, b.ad)]);

/** ISK: the key that both sides share where their passwords are one. 64 bytes. */
export const sessionKey = (sid: Uint8Array, k: Uint8Array, a: CpaceShare, b: CpaceShare): Uint8Array =>
  sha512(lv(DSI_ISK, sid, k), transcriptIr(a, b));

/** The tag by which the sender of `share` shows that it has ISK. */
export const confirmationTag = (sid: Uint8Array, isk: Uint8Array, { point, ad }: CpaceShare): Uint8Array =>
  createHmac('sha512', sha512(MAC_LABEL, sid, isk))
    .update(lv(point, ad))
    .digest();

/** Whether `tag` is the one that the sender of `share` makes. */
export const isConfirmed = (tag: Uint8Array, sid: Uint8Array, isk: Uint8Array, share: CpaceShare): boolean =>
  tag.length === TAG_BYTES && timingSafeEqual(tag, confirmationTag(sid, isk, share));
