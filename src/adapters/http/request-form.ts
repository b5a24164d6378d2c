// The form of a request beyond what Node's parser holds: what can be read in two ways is refused here, before
// anything is decided. Node accepts two Host headers, and keeps the first of most others.
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../core/errors.js';

/** The header fields that mean something to this program or to the upstream: each may come once. */
const SINGLE = new Set([
  'accept',
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'if-match',
  'if-none-match',
  'if-range',
  'last-event-id',
  'range',
  'transfer-encoding',
]);

/** To the others a body means nothing, and proxies have been led to take it for the next request. */
const WITH_BODY = new Set(['POST', 'PUT']);

export interface RequestForm {
  /** Whether bytes of a body follow. */
  readonly hasBody: boolean;
  /** As declared; null for a chunked body. */
  readonly bodyBytes: number | null;
}

/** Checks version, header fields and framing (RFC 9112 section 6); throws the `Refusal`. */
export function checkRequestForm(request: IncomingMessage, limits: { headerFields: number }): RequestForm {
  if (request.httpVersion !== '1.1') throw new Refusal('http-version');
  const { rawHeaders } = request;
  if (rawHeaders.length / 2 > limits.headerFields) throw new Refusal('header-count');
  checkRepeated(rawHeaders);
  const { 'content-length': length, 'transfer-encoding': coding, expect, upgrade } = request.headers;
  // After an upgrade that nobody takes up, Node's parser passes over what follows in the same bytes.
  if (upgrade !== undefined) throw new Refusal('header-framing');
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || length !== undefined)) {
    throw new Refusal('header-framing');
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Refusal('header-framing');
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw new Refusal('header-expect');
  const hasBody = coding !== undefined || Number(length ?? 0) > 0;
  if (hasBody && !WITH_BODY.has(request.method ?? '')) throw new Refusal('body-unexpected');
  return { hasBody, bodyBytes: coding === undefined ? Number(length ?? 0) : null };
}

/** `raw`: names and values in turn. */
function checkRepeated(raw: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw new Refusal(name === 'host' ? 'header-host' : 'header-repeated');
    seen.add(name);
  }
  if (!seen.has('host')) throw new Refusal('header-host');
}

/** Refusals after which the next byte on the connection could be anything: it is closed. */
export const ENDS_CONNECTION: ReadonlySet<string> = new Set([
  'http-version',
  'header-host',
  'header-repeated',
  'header-framing',
  'header-count',
  'header-expect',
  'body-unexpected',
  'target-form',
]);
