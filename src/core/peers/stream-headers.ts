// What of a local program's request a peer gets to see, and what of the peer's reply the program does: allow-lists.
// Not among them: credentials, cookies, and whatever belongs to one hop.
import { pickHeaders, type Headers } from '../headers.js';

const REQUEST_HEADERS = [
  'accept',
  'content-encoding',
  'content-type',
  'if-match',
  'if-none-match',
  'if-range',
  'last-event-id',
  'range',
] as const;

const REPLY_HEADERS = [
  'accept-ranges',
  'allow',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-security-policy',
  'content-type',
  'etag',
  'patchcord-size',
  'retry-after',
] as const;

export const requestHeadersToPeer = (headers: Headers): Record<string, string> =>
  pickHeaders(headers, REQUEST_HEADERS);

export const replyHeadersFromPeer = (headers: Headers): Record<string, string> => ({
  ...pickHeaders(headers, REPLY_HEADERS),
  'x-content-type-options': 'nosniff',
});
