// What a request for a blob asks for with Range, If-Range and If-None-Match (RFC 9110 sections 13 and 14). Pure, and
// in doubt the whole blob: that is never a wrong answer.
import type { BlobId } from './ids.js';

/** Bytes `start` to `end`, both included, as Content-Range counts them. */
export type RangeAnswer =
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' };

export const WHOLE: RangeAnswer = { kind: 'whole' };
const UNSATISFIABLE: RangeAnswer = { kind: 'unsatisfiable' };

/** One range of bytes; units are case-insensitive (section 14.1). */
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i;
/** One entity tag and what ends it in a list (section 8.8.3); the comma may also stand inside the quotes. */
const LISTED_TAG = /[ \t]*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

const suffix = (length: number, sizeBytes: number): RangeAnswer =>
  length === 0 ? UNSATISFIABLE : { kind: 'part', start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 };

/**
 * What a Range header asks of a blob of `sizeBytes`. No header, several ranges, another unit, and whatever is malformed
 * is `whole` (section 14.2); a range that begins at or after the end, or the last 0 bytes, is `unsatisfiable`.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const match = ONE_RANGE.exec(header ?? '');
  if (match === null) return WHOLE;
  const [, first = '', last = ''] = match;
  // No size reaches 2^53, where a Number begins to round: whatever is beyond stays beyond.
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? Infinity : Number(last);
  if (end < start) return WHOLE;
  return start >= sizeBytes ? UNSATISFIABLE : { kind: 'part', start, end: Math.min(end, sizeBytes - 1) };
}

/**
 * The strong entity tag of a blob: its content never changes, so its id is one. Joined, and so in one piece: of a text that V8
 * has put together, Node's check of a header's value makes one each time, by a slow call.
 */
export const etagOf = (id: BlobId): string => ['"', id, '"'].join('');

/**
 * Whether a Range header counts: without If-Range, or when that is this blob's own strong tag (section 13.1.5). A weak
 * tag is no match, and neither is a date, as blobs have no Last-Modified.
 */
export const ifRangeHolds = (header: string | undefined, id: BlobId): boolean =>
  header === undefined || header === etagOf(id);

/**
 * Whether If-None-Match names this blob, so that the reply to GET or HEAD is 304 (section 13.1.2): `*`, or its tag, weak
 * or strong, anywhere in the list. No header, or a malformed one, names nothing.
 */
export function ifNoneMatchNames(header: string | undefined, id: BlobId): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const tags = listedTags(header);
  return tags?.has(etagOf(id)) ?? false;
}

function listedTags(header: string): Set<string> | null {
  const tags = new Set<string>();
  LISTED_TAG.lastIndex = 0;
  while (LISTED_TAG.lastIndex < header.length) {
    const tag = LISTED_TAG.exec(header)?.[1];
    if (tag === undefined) return null;
    tags.add(tag);
  }
  return tags;
}
