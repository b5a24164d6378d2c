// A client that writes bytes onto a TLS socket and reads what comes back: nothing between the test and the wire.
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface RawClient {
  readonly socket: TLSSocket;
  write(text: string | Uint8Array): void;
  /** All that was received so far. */
  received(): Buffer;
  /** Resolves with the bytes received when `isEnough` of them have come, or when the connection has closed. */
  until(isEnough: (received: Buffer) => boolean): Promise<Buffer>;
  /** Resolves when the peer has closed the connection, in whichever way. */
  readonly closed: Promise<void>;
}

export interface RawReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** What came after this reply. */
  readonly rest: Buffer;
}

/** Connects with TLS 1.3 and does not look at whom: the tests of the dialling side do. */
export function connectRaw(port: number, options: ConnectionOptions): RawClient {
  const socket = connect({ host: '::1', port, rejectUnauthorized: false, minVersion: 'TLSv1.3', ...options });
  const pieces: Buffer[] = [];
  const looks = new Set<() => void>();
  let isClosed = false;
  const lookAll = (): void => looks.forEach((look) => look());
  socket.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    lookAll();
  });
  // Refusals come as resets and alerts; that they came is told by `closed`.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      lookAll();
      resolve();
    });
  });
  const received = (): Buffer => Buffer.concat(pieces);
  return {
    socket,
    closed,
    received,
    write: (text) => void socket.write(text),
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isClosed && !isEnough(received())) return;
          looks.delete(look);
          resolve(received());
        };
        looks.add(look);
        look();
      }),
  };
}

/** The first whole reply with a length, or to HEAD; null while there is none. */
export function parseReply(bytes: Buffer, method = 'GET'): RawReply | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line = '', ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    fields.map((field) => {
      const at = field.indexOf(':');
      return [field.slice(0, at).toLowerCase(), field.slice(at + 1).trim()];
    }),
  );
  const status = Number(line.split(' ')[1]);
  if (status === 100) return parseReply(bytes.subarray(end + 4), method);
  const hasBody = method !== 'HEAD' && status !== 304 && status !== 204;
  const length = hasBody ? Number(headers.get('content-length') ?? 0) : 0;
  const body = bytes.subarray(end + 4);
  if (body.length < length) return null;
  return { status, headers, body: body.subarray(0, length), rest: body.subarray(length) };
}

/** Writes one request and resolves with its reply; null where the connection closed without one. */
export async function ask(
  port: number,
  options: ConnectionOptions,
  request: string | Uint8Array,
): Promise<RawReply | null> {
  const client = connectRaw(port, options);
  client.write(request);
  const method = Buffer.from(request).subarray(0, 5).toString('latin1').startsWith('HEAD ') ? 'HEAD' : 'GET';
  const received = await client.until((bytes) => parseReply(bytes, method) !== null);
  client.socket.destroy();
  return parseReply(received, method);
}

export const get = (target: string, headers = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
