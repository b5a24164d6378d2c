// The end of a connection whose bytes are not HTTP, or not in time. A short reply where one is safe: with another
// request under way it could be taken for the answer to that one.
import type { Duplex } from 'node:stream';

const STATUS_LINES = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);
const BAD_REQUEST = '400 Bad Request';

export function endMalformed(code: string | undefined, socket: Duplex, mayReply: boolean): void {
  if (!mayReply || !socket.writable) return void socket.destroy();
  const status = STATUS_LINES.get(code ?? '') ?? BAD_REQUEST;
  const body = `${JSON.stringify({ error: 'bad_request', reason: 'The request could not be read.' })}\n`;
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}
