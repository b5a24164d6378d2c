// The little of DER (X.690) that the judgement of a leaf reads: definite lengths, nothing left over. Null for
// whatever is not in that form.

export interface DerNode {
  readonly tag: number;
  readonly content: Uint8Array;
}

const LONG_FORM = 0x80;
/** A certificate is far below 16 MiB. */
const MAX_LENGTH_BYTES = 3;

/** The nodes that fill `bytes`, one after the other; null where they do not. */
export function readDer(bytes: Uint8Array): DerNode[] | null {
  const nodes: DerNode[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readHeader(bytes, at);
    if (header === null || header.end > bytes.length) return null;
    nodes.push({ tag: bytes[at] ?? 0, content: bytes.subarray(header.start, header.end) });
    at = header.end;
  }
  return nodes;
}

function readHeader(bytes: Uint8Array, at: number): { start: number; end: number } | null {
  const first = bytes[at + 1];
  if (first === undefined) return null;
  if (first < LONG_FORM) return { start: at + 2, end: at + 2 + first };
  const count = first & (LONG_FORM - 1);
  if (count === 0 || count > MAX_LENGTH_BYTES || at + 2 + count > bytes.length) return null;
  let length = 0;
  for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte;
  return { start: at + 2 + count, end: at + 2 + count + length };
}

/** The children of the one node that fills `bytes`, when it has this tag. */
export function readInside(bytes: Uint8Array, tag: number): DerNode[] | null {
  const nodes = readDer(bytes);
  const node = nodes?.[0];
  return nodes?.length === 1 && node?.tag === tag ? readDer(node.content) : null;
}
