// Replies that the gateway makes itself: small JSON, and refusals. What is left of a refused body is read and thrown
// away up to a bound, so that the peer can read the refusal, and never more.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REPLIES, refusalBody, type RefusalCode } from '../../core/errors.js';
import { ENDS_CONNECTION } from './request-form.js';

/** Read of a body that nobody wants any more. */
const MAX_DRAINED_BYTES = 1024 * 1024;
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
  const rest = unreadBytes(request);
  if (rest > 0) drain(request, response);
  const closes = rest > MAX_DRAINED_BYTES || ENDS_CONNECTION.has(code);
  sendJson(response, status, refusalBody(code), {
    ...(closes && { connection: 'close' }),
    ...((status === 503 || status === 429) && { 'retry-after': RETRY_AFTER_SECONDS }),
    ...headers,
  });
  return closes;
}

/** At most what is still to come of the request's body; without end for a chunked one. */
function unreadBytes({ complete, headers }: IncomingMessage): number {
  if (complete) return 0;
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity;
}

function drain(request: IncomingMessage, response: ServerResponse): void {
  let drained = 0;
  const end = (): void => void request.socket.destroy();
  const deadline = setTimeout(end, MAX_DRAIN_MS);
  response.once('close', () => clearTimeout(deadline));
  request.on('data', (bytes: Buffer) => {
    drained += bytes.length;
    if (drained > MAX_DRAINED_BYTES) end();
  });
  request.resume();
}
