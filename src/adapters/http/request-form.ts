// The form of a request beyond what Node's parser holds: what can be read in two ways is refused here, before
// anything is decided. Node accepts two Host headers, and keeps the first of most others.
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../core/errors.js';

/** The header fields that mean something to this program or to the upstream: each may come once. */
const SINGLE = [
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
];
/** For each, a bit: those that were seen are one number, which costs less for every request than a set. */
const BITS = new Map(SINGLE.map((name, index) => [name, 1 << index]));
const HOST_BIT = BITS.get('host') ?? 0;

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

/** A body that is not there, as Node's request knows it; see `expectNoBody`. */
interface BodyStream {
  _dumped: boolean;
  readonly _readableState: Record<'ended' | 'endEmitted' | 'destroyed' | 'closed' | 'closeEmitted', boolean>;
}

/**
 * Says that the body of `request`, which has none, was read to its end. Node would make a stream end for it, in several
 * turns of its queue for every request. Newer lines have it as an option (`optimizeEmptyRequests`, 24.12), which does the
 * same in their own words; without those, nothing is lost but the time.
 */
export function expectNoBody(request: IncomingMessage): void {
  const stream = request as unknown as BodyStream;
  const state = stream._readableState;
  stream._dumped = true;
  state.ended = true;
  state.endEmitted = true;
  state.destroyed = true;
  state.closed = true;
  state.closeEmitted = true;
}

/** `raw`: names and values in turn. */
function checkRepeated(raw: readonly string[]): void {
  let seen = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const bit = BITS.get((raw[index] ?? '').toLowerCase()) ?? 0;
    if ((seen & bit) !== 0) throw new Refusal(bit === HOST_BIT ? 'header-host' : 'header-repeated');
    seen |= bit;
  }
  if ((seen & HOST_BIT) === 0) throw new Refusal('header-host');
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
