// How far a blob has come, so that the rest of it can be asked for when its connection breaks: a blob never changes,
// and its ETag is its id.
import type { IncomingHttpHeaders } from 'node:http';
import type { BlobId } from '../../core/ids.js';

export interface BlobPart {
  /** Where the next byte stands in the blob. */
  next: number;
  /** The last byte that was asked for. */
  readonly end: number;
  readonly size: number;
}

interface Head {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

const OK = 200;
const PARTIAL = 206;
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/;
const LENGTH = /^\d{1,15}$/;

/** The part that a reply brings; null for one that cannot be taken up again. */
export function readBlobPart({ statusCode, headers }: Head, id: BlobId): BlobPart | null {
  const { etag, 'content-length': length, 'content-range': range } = headers;
  if (etag !== `"${id}"` || length === undefined || !LENGTH.test(length)) return null;
  if (statusCode === OK) return { next: 0, end: Number(length) - 1, size: Number(length) };
  const [, start, end, size] = (statusCode === PARTIAL && CONTENT_RANGE.exec(range ?? '')) || [];
  if (start === undefined || Number(end) + 1 - Number(start) !== Number(length)) return null;
  return { next: Number(start), end: Number(end), size: Number(size) };
}

/** The headers that ask for the rest. */
export const restHeaders = (
  headers: Readonly<Record<string, string>>,
  { next, end }: BlobPart,
  id: BlobId,
): Record<string, string> => ({
  ...(headers['accept'] !== undefined && { accept: headers['accept'] }),
  range: `bytes=${next}-${end}`,
  'if-range': `"${id}"`,
});

/** Whether a reply brings exactly the rest. */
export function isRest(reply: Head, part: BlobPart, id: BlobId): boolean {
  const rest = reply.statusCode === PARTIAL ? readBlobPart(reply, id) : null;
  return rest?.next === part.next && rest.end === part.end && rest.size === part.size;
}
