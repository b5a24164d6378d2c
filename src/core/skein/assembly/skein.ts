// AssemblyScript, not TypeScript. Skein-512's chaining (UBI, Skein 1.3 section 3.4) in a memory of fixed size with two
// lanes, each for one message: no imports, no heap. What is chained, and in which order, is the caller's (../skein.ts).
// A `lane` is the address where it begins.
import { CHAIN, FIRST, LANE_BYTES, TWEAK, chainBoth, chainOne } from './threefish.generated';

const BLOCK_BYTES: u32 = 64;
const FINAL: u64 = 1 << 63;
const TYPE_SHIFT: u64 = 56;

/** Where the lanes begin. */
export const ONE: usize = 0;
export const OTHER: usize = LANE_BYTES;
/** Where in a lane the caller puts the bytes of a message, a region at a time. */
export const MESSAGE: usize = 256;
/** How many fit: whole blocks. Small enough to stay in the processor's cache. */
export const MESSAGE_BYTES: usize = LANE_BYTES - MESSAGE;
/** Where in a lane the digest is read, after the output block. */
export const DIGEST: usize = CHAIN;

/** Back to the state before anything was chained: no key. */
export function reset(lane: usize): void {
  memory.fill(lane + CHAIN, 0, BLOCK_BYTES);
}

/** Begins a message of this type (section 3.5.1: 0 key, 4 configuration, 8 personalization, 48 message, 63 output). */
export function begin(lane: usize, type: u32): void {
  store<u64>(lane, 0, TWEAK);
  store<u64>(lane, FIRST | ((<u64>type) << TYPE_SHIFT), TWEAK + 8);
}

/** Chains `bytes` of the region, whole blocks, when more of the message is still to come. */
export function absorb(lane: usize, bytes: u32): void {
  chainOne(lane, lane + MESSAGE, bytes / BLOCK_BYTES, BLOCK_BYTES);
}

/** As `absorb`, in both lanes, sooner than in one after the other. */
export function absorbBoth(bytes: u32): void {
  chainBoth(ONE, ONE + MESSAGE, bytes / BLOCK_BYTES, BLOCK_BYTES);
}

/** Chains the last `bytes` of the message (0 only where all of it is empty); the block that is final is padded. */
export function end(lane: usize, bytes: u32): void {
  const whole: u32 = bytes == 0 ? 0 : ((bytes - 1) / BLOCK_BYTES) * BLOCK_BYTES;
  absorb(lane, whole);
  memory.fill(lane + MESSAGE + bytes, 0, whole + BLOCK_BYTES - bytes);
  store<u64>(lane, load<u64>(lane, TWEAK + 8) | FINAL, TWEAK + 8);
  chainOne(lane, lane + MESSAGE + whole, 1, bytes - whole);
}
