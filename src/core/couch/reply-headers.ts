// What of the upstream's reply a peer gets to see, and what of a peer's request the upstream does: allow-lists.
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

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const pick = (headers: Headers, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

export const upstreamRequestHeaders = (headers: Headers): Record<string, string> =>
  pick(headers, REQUEST_HEADERS);

/** An attachment is a peer's choice of bytes and type: no browser may run it as a page of this origin. */
const ATTACHMENT_HEADERS = { 'content-disposition': 'attachment', 'content-security-policy': 'sandbox' };

export const peerReplyHeaders = (headers: Headers, answer: Answer): Record<string, string> => ({
  ...pick(headers, REPLY_HEADERS),
  'x-content-type-options': 'nosniff',
  ...(answer === 'attachment' && ATTACHMENT_HEADERS),
});
