// What of the upstream's reply a peer gets to see, and what of a peer's request the upstream does: allow-lists.
import { listHeaders, type HeaderList, type Headers } from '../headers.js';
import type { Answer } from './operations.js';

const REQUEST_HEADERS = ['accept', 'if-match', 'if-none-match', 'last-event-id', 'range'] as const;

/** Not among them: `set-cookie`, `www-authenticate`, `server`, `location`, and whatever comes to mind later. */
export const REPLY_HEADERS = [
  'accept-ranges',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'etag',
] as const;

export const upstreamRequestHeaders = (headers: Headers): HeaderList => listHeaders(headers, REQUEST_HEADERS);

/** An attachment is a peer's choice of bytes and type: no browser may run it as a page of this origin. */
const ATTACHMENT_HEADERS = ['content-disposition', 'attachment', 'content-security-policy', 'sandbox'];

export function peerReplyHeaders(headers: Headers, answer: Answer): string[] {
  const list = listHeaders(headers, REPLY_HEADERS);
  list.push('x-content-type-options', 'nosniff');
  if (answer === 'attachment') list.push(...ATTACHMENT_HEADERS);
  return list;
}
