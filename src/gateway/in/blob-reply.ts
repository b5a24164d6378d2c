// The head of a reply with a blob, or a part of it, by what the request asks for. Sends nothing.
import type { IncomingMessage } from 'node:http';
import type { Leaves } from '../../adapters/files/leaves.js';
import { Refusal } from '../../core/errors.js';
import type { BlobId } from '../../core/ids.js';
import { etagOf, ifNoneMatchNames, ifRangeHolds, parseRange } from '../../core/ranges.js';

export interface BlobReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Both included; null where there is no body. */
  readonly part: { readonly start: number; readonly end: number } | null;
}

export const OK = 200;
const PARTIAL = 206;
const NOT_MODIFIED = 304;

const BYTES_HEADERS = {
  'content-type': 'application/octet-stream',
  'accept-ranges': 'bytes',
  'x-content-type-options': 'nosniff',
};

/** Preconditions first, then the range (RFC 9110 section 13.2.2). */
export function planBlobReply({ headers }: IncomingMessage, id: BlobId, size: number): BlobReply {
  const { range, 'if-none-match': ifNoneMatch } = headers;
  const etag = etagOf(id);
  if (ifNoneMatchNames(ifNoneMatch, id))
    return { status: NOT_MODIFIED, headers: { ...BYTES_HEADERS, etag }, part: null };
  if (range === undefined) return wholeReply(etag, size);
  const wanted = parseRange(
    ifRangeHolds(headers['if-range'] as string | undefined, id) ? range : undefined,
    size,
  );
  if (wanted.kind === 'unsatisfiable')
    throw new Refusal('range-unsatisfiable', { 'content-range': `bytes */${size}` });
  return wanted.kind === 'whole' ? wholeReply(etag, size) : partReply(etag, size, wanted);
}

/** Written out: it is made for most requests, and a literal is made faster than a copy with more. */
const wholeReply = (etag: string, size: number): BlobReply => ({
  status: OK,
  headers: {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    etag,
    'content-length': size,
  },
  part: { start: 0, end: size - 1 },
});

const partReply = (etag: string, size: number, part: { start: number; end: number }): BlobReply => ({
  status: PARTIAL,
  headers: {
    ...BYTES_HEADERS,
    etag,
    'content-length': part.end + 1 - part.start,
    'content-range': `bytes ${part.start}-${part.end}/${size}`,
  },
  part,
});

export const leavesHeaders = ({ size, digests }: Leaves): Readonly<Record<string, string | number>> => ({
  ...BYTES_HEADERS,
  'content-length': digests.length,
  'patchcord-size': size,
});
