// AssemblyScript, not TypeScript. Skein-512's chaining (UBI, Skein 1.3 section 3.4) over one message region in a memory
// of fixed size: no imports, no heap. What is chained, and in which order, is the caller's (../skein.ts).
import { CHAIN, FIRST, TWEAK, chainBlocks } from './threefish.generated';

const BLOCK_BYTES: u32 = 64;
const FINAL: u64 = 1 << 63;
const TYPE_SHIFT: u64 = 56;

/** Where the caller puts the bytes of a message, a region at a time. */
export const MESSAGE: u32 = 1024;
/** How many fit: whole blocks. Small enough to stay in the processor's cache. */
export const MESSAGE_BYTES: u32 = 65536;
/** Where the digest is read, after the output block. */
export const DIGEST: u32 = <u32>CHAIN;

/** Back to the state before anything was chained: no key. */
export function reset(): void {
  memory.fill(CHAIN, 0, BLOCK_BYTES);
}

/** Begins a message of this type (section 3.5.1: 0 key, 4 configuration, 8 personalization, 48 message, 63 output). */
export function begin(type: u32): void {
  store<u64>(TWEAK, 0);
  store<u64>(TWEAK, FIRST | ((<u64>type) << TYPE_SHIFT), 8);
}

/** Chains `bytes` of the region, whole blocks, when more of the message is still to come. */
export function absorb(bytes: u32): void {
  chainBlocks(MESSAGE, bytes / BLOCK_BYTES, BLOCK_BYTES);
}

/** Chains the last `bytes` of the message (0 only where all of it is empty); the block that is final is padded. */
export function end(bytes: u32): void {
  const whole: u32 = bytes == 0 ? 0 : ((bytes - 1) / BLOCK_BYTES) * BLOCK_BYTES;
  absorb(whole);
  memory.fill(MESSAGE + bytes, 0, whole + BLOCK_BYTES - bytes);
  store<u64>(TWEAK, load<u64>(TWEAK, 8) | FINAL, 8);
  chainBlocks(MESSAGE + whole, 1, bytes - whole);
}
