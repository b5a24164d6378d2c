// The head of an upstream's reply, from the bytes that undici tells.

export interface ReplyHead {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What comes several times is one list (RFC 9110 section 5.3), but for what can have one value only: its first. */
const SINGLE = new Set(['content-length', 'content-type', 'content-range', 'etag']);

/** `raw`: names and values in turn. */
export function headersOf(raw: readonly Buffer[]): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toString('latin1').toLowerCase();
    const value = (raw[index + 1] ?? '').toString('latin1');
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (!SINGLE.has(name)) headers[name] = `${before}, ${value}`;
  }
  return headers;
}
