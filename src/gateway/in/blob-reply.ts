// The head of a reply with a blob, or a part of it, by what the request asks for. Sends nothing.
import type { IncomingMessage } from 'node:http';
import type { Leaves } from '../../adapters/files/leaves.js';
import { Refusal } from '../../core/errors.js';
import type { BlobId } from '../../core/ids.js';
import { etagOf, ifNoneMatchNames, ifRangeHolds, parseRange, WHOLE } from '../../core/ranges.js';

export interface BlobReply {
  readonly status: number;
  /** Names and values in turn: Node walks a list faster than an object. */
  readonly headers: string[];
  /** Both included; null where there is no body. */
  readonly part: { readonly start: number; readonly end: number } | null;
}

export const OK = 200;
const PARTIAL = 206;
const NOT_MODIFIED = 304;

// prettier-ignore
const bytesHeaders = (): string[] => [
  'content-type', 'application/octet-stream',
  'accept-ranges', 'bytes',
  'x-content-type-options', 'nosniff',
];

/** Preconditions first, then the range (RFC 9110 section 13.2.2). */
export function planBlobReply({ headers }: IncomingMessage, id: BlobId, size: number): BlobReply {
  const { range, 'if-none-match': ifNoneMatch } = headers;
  const list = bytesHeaders();
  list.push('etag', etagOf(id));
  if (ifNoneMatchNames(ifNoneMatch, id)) return { status: NOT_MODIFIED, headers: list, part: null };
  const wanted =
    range !== undefined && ifRangeHolds(headers['if-range'] as string | undefined, id)
      ? parseRange(range, size)
      : WHOLE;
  if (wanted.kind === 'unsatisfiable')
    throw new Refusal('range-unsatisfiable', { 'content-range': `bytes */${size}` });
  if (wanted.kind === 'whole') {
    list.push('content-length', String(size));
    return { status: OK, headers: list, part: { start: 0, end: size - 1 } };
  }
  const { start, end } = wanted;
  list.push('content-length', String(end + 1 - start), 'content-range', `bytes ${start}-${end}/${size}`);
  return { status: PARTIAL, headers: list, part: { start, end } };
}

// prettier-ignore
export const leavesHeaders = ({ size, digests }: Leaves): string[] => [
  ...bytesHeaders(),
  'content-length', String(digests.length),
  'patchcord-size', String(size),
];
