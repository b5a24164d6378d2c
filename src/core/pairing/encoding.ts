// Encodings of draft-irtf-cfrg-cpace, section 8 and appendix A: lengths as LEB128, then the bytes.

/** An unsigned LEB128 of a length. */
export function leb128(length: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** `lv_cat` of the draft: each part after its length, so that no two lists of parts have the same bytes. */
export const lv = (...parts: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(parts.flatMap((part) => [leb128(part.length), part]));
