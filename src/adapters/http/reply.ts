// Replies that the gateway makes itself: small JSON, and refusals. What is left of a refused body is read and thrown
// away for a while, so that the peer can read the refusal, and no longer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REPLIES, refusalBody, type RefusalCode } from '../../core/errors.js';
import { ENDS_CONNECTION } from './request-form.js';

/** How long a body that nobody wants is read. */
const MAX_DRAIN_MS = 2000;
const RETRY_AFTER_SECONDS = '5';

const JSON_HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export type Headers = Readonly<Record<string, string | number>>;

/** Sends a JSON text with its length; to HEAD, the same without the text. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Headers = {},
): void {
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/** The most that goes out in one piece with its head, which takes text: Node sends a buffer after it, as a second. */
const TEXT_BYTES = 8192;

/** Ends a reply whose head is set with the whole of its body. */
export function sendBytes(response: ServerResponse, bytes: Buffer): void {
  if (bytes.length <= TEXT_BYTES) response.end(bytes.toString('latin1'), 'latin1');
  else response.end(bytes);
}

/**
 * Answers with the reply of `code`; true when the connection ends with it. A reply that has begun cannot be taken
 * back: then the connection is cut.
 */
export function sendRefusal(response: ServerResponse, code: RefusalCode, headers: Headers = {}): boolean {
  const request = response.req;
  if (response.headersSent) {
    request.socket.destroy();
    return true;
  }
  const { status } = REPLIES[code];
  const text = refusalBody(code);
  const closes = ENDS_CONNECTION.has(code);
  const all = {
    ...(closes && { connection: 'close' }),
    ...((status === 503 || status === 429) && { 'retry-after': RETRY_AFTER_SECONDS }),
    ...headers,
  };
  if (closes || !hasUnreadBody(request)) sendJson(response, status, text, all);
  else sendBeforeBodyEnds(response, status, text, all);
  return closes;
}

const hasUnreadBody = ({ complete, headers }: IncomingMessage): boolean =>
  !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);

/** To close with bytes unread would reset the connection, and the peer might never see the reply (RFC 9112, 9.6). */
function sendBeforeBodyEnds(response: ServerResponse, status: number, text: string, headers: Headers): void {
  const request = response.req;
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(text), ...headers });
  response.write(text);
  request.once('end', () => response.end());
  discardBody(request);
}

/** Reads what is left of a body that nobody wants any more, for a while; then the connection is cut. */
export function discardBody(request: IncomingMessage): void {
  const deadline = setTimeout(() => request.socket.destroy(), MAX_DRAIN_MS);
  request.once('close', () => clearTimeout(deadline));
  request.unpipe().resume();
}
