// The code that a person reads on one screen and types at the other: eight characters of Crockford base32, 40 bits.
// It is made of random bytes that are given, and read generously.

declare const brand: unique symbol;
/** Eight characters of `ALPHABET`, without a hyphen. */
export type PairingCode = string & { readonly [brand]: 'PairingCode' };

/** Crockford's base32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const CODE_CHARACTERS = 8;
/** Random bytes that a code is made of. */
export const CODE_BYTES = 5;
const BITS_PER_CHARACTER = 5n;

const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;
/** What may stand between the characters that a person types. */
const SEPARATORS = /[\s-]/g;
/** Longest text that is looked at. */
const MAX_TYPED_CHARACTERS = 64;

/** The code of five random bytes; throws `RangeError` for any other length. */
export function createPairingCode(random: Uint8Array): PairingCode {
  if (random.length !== CODE_BYTES) throw new RangeError(`a code is made of ${CODE_BYTES} bytes`);
  const bits = random.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const characters = Array.from({ length: CODE_CHARACTERS }, (_, index) =>
    ALPHABET.charAt(Number((bits >> (BITS_PER_CHARACTER * BigInt(CODE_CHARACTERS - 1 - index))) & 31n)),
  );
  return characters.join('') as PairingCode;
}

/** What a person typed, as a code: case, spaces and hyphens do not matter, O is 0, I and L are 1. Null for no code. */
export function parsePairingCode(typed: string): PairingCode | null {
  if (typed.length > MAX_TYPED_CHARACTERS) return null;
  const code = typed.replace(SEPARATORS, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
  return CODE.test(code) ? (code as PairingCode) : null;
}

/** In two groups, as it is shown. */
export const formatPairingCode = (code: PairingCode): string => `${code.slice(0, 4)}-${code.slice(4)}`;
