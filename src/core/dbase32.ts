// D-Base32: 5 bytes to 8 characters, big-endian, of an alphabet in sorted order, so that the text sorts as the
// bytes do. No padding, no lower case: whole groups of 5 bytes only.

const ALPHABET = '3456789ABCDEFGHIJKLMNOPQRSTUVWXY';
const GROUP_BYTES = 5;
const BITS_PER_CHARACTER = 5n;

/** D-Base32 of `bytes`, whose length must be a multiple of 5; throws `RangeError` otherwise. */
export function encodeDbase32(bytes: Uint8Array): string {
  if (bytes.length % GROUP_BYTES !== 0) throw new RangeError('D-Base32 takes whole groups of 5 bytes');
  let text = '';
  for (let start = 0; start < bytes.length; start += GROUP_BYTES) {
    let group = 0n;
    for (const byte of bytes.subarray(start, start + GROUP_BYTES)) group = (group << 8n) | BigInt(byte);
    for (let shift = 35n; shift >= 0n; shift -= BITS_PER_CHARACTER) {
      text += ALPHABET.charAt(Number((group >> shift) & 31n));
    }
  }
  return text;
}

/** The bytes of a D-Base32 text; null for anything that `encodeDbase32` does not write. */
export function decodeDbase32(text: string): Uint8Array | null {
  if (text.length % 8 !== 0) return null;
  const bytes = new Uint8Array((text.length / 8) * GROUP_BYTES);
  for (let start = 0; start < text.length; start += 8) {
    let group = 0n;
    for (const character of text.slice(start, start + 8)) {
      const value = ALPHABET.indexOf(character);
      if (value < 0) return null;
      group = (group << BITS_PER_CHARACTER) | BigInt(value);
    }
    for (let index = 0; index < GROUP_BYTES; index++) {
      bytes[(start / 8) * GROUP_BYTES + index] = Number((group >> BigInt(32 - 8 * index)) & 255n);
    }
  }
  return bytes;
}
