// What of the upstream's reply a peer gets to see, and what of a peer's request the upstream does: allow-lists.
import { pickHeaders, type Headers } from '../headers.js';
import type { Answer } from './operations.js';

const REQUEST_HEADERS = ['accept', 'if-match', 'if-none-match', 'last-event-id', 'range'] as const;

/** Not among them: `set-cookie`, `www-authenticate`, `server`, `location`, and whatever comes to mind later. */
const REPLY_HEADERS = [
  'accept-ranges',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'etag',
] as const;

export const upstreamRequestHeaders = (headers: Headers): Record<string, string> =>
  pickHeaders(headers, REQUEST_HEADERS);

/** An attachment is a peer's choice of bytes and type: no browser may run it as a page of this origin. */
const ATTACHMENT_HEADERS = { 'content-disposition': 'attachment', 'content-security-policy': 'sandbox' };

export function peerReplyHeaders(headers: Headers, answer: Answer): Record<string, string> {
  const picked = pickHeaders(headers, REPLY_HEADERS);
  picked['x-content-type-options'] = 'nosniff';
  return answer === 'attachment' ? { ...picked, ...ATTACHMENT_HEADERS } : picked;
}
