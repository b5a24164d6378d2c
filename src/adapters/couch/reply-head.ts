// The head of an upstream's reply, from the bytes that undici tells.
import { REPLY_HEADERS } from '../../core/couch/reply-headers.js';

export interface ReplyHead {
  readonly status: number;
  /** By names in lower case; only those that may go on to a peer, and `server`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Those that anything is made of: the others are not even read. */
const WANTED = new Set<string>([...REPLY_HEADERS, 'server']);

/** What comes several times is one list (RFC 9110 section 5.3), but for what can have one value only: its first. */
const SINGLE = new Set(['content-length', 'content-type', 'content-range', 'etag']);

/** `raw`: names and values in turn. */
export function headersOf(raw: readonly Buffer[]): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toString('latin1').toLowerCase();
    if (!WANTED.has(name)) continue;
    const value = (raw[index + 1] ?? '').toString('latin1');
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (!SINGLE.has(name)) headers[name] = `${before}, ${value}`;
  }
  return headers;
}
