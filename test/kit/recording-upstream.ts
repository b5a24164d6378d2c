// An upstream that records the bytes it is sent: the judge of what the gateway lets through. It answers as CouchDB
// would have to the gateway's own questions, and to everything else with what the test says.
import { createServer, type Server, type Socket, type AddressInfo } from 'node:net';

export interface Recorded {
  /** The request line and headers as they came, and the body as framed. */
  readonly head: string;
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The connection that it came on. */
  readonly socket: Socket;
}

export interface RecordingUpstream {
  readonly url: string;
  readonly port: number;
  /** Requests on behalf of peers, in order; the gateway's own questions are in `questions`. */
  readonly requests: Recorded[];
  readonly questions: Recorded[];
  /** Bytes of all connections that no parsed request accounts for; null bytes are none. */
  readonly stray: () => string;
  answer: (request: Recorded) => string | Buffer | null;
  /** The user context that `_session` tells, by the authorization header. */
  session: (authorization: string | undefined) => { status: number; name: string | null; roles: string[] };
  security: object;
  /** Open connections. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export const jsonReply = (status: number, body: unknown, headers = ''): string => {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status} Whatever\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

const isQuestion = ({ target, method }: Recorded): boolean =>
  target === '/_session' || target.endsWith('/_security') || (target === '/' && method === 'GET');

export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const sockets = new Set<Socket>();
  const leftovers = new Map<Socket, Buffer>();
  const upstream = {
    requests: [] as Recorded[],
    questions: [] as Recorded[],
    answer: (): string | Buffer | null => jsonReply(200, { ok: true }),
    session: (authorization: string | undefined) => ({
      status: 200,
      name: authorization === undefined ? null : nameIn(authorization),
      roles: [] as string[],
    }),
    security: {} as object,
  };

  function replyTo(request: Recorded): string | Buffer | null {
    if (!isQuestion(request)) {
      upstream.requests.push(request);
      return (upstream as unknown as RecordingUpstream).answer(request);
    }
    upstream.questions.push(request);
    if (request.target === '/')
      return jsonReply(200, { couchdb: 'Welcome', version: '3.5.0', uuid: 'secret' });
    if (request.target.endsWith('/_security')) return jsonReply(200, upstream.security);
    const { status, name, roles } = upstream.session(request.headers.get('authorization')?.[0]);
    return jsonReply(status, { ok: true, userCtx: { name, roles } });
  }

  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      let rest: Buffer = Buffer.concat([leftovers.get(socket) ?? Buffer.alloc(0), bytes]);
      for (let parsed = parseRequest(rest, socket); parsed !== null; parsed = parseRequest(rest, socket)) {
        rest = parsed.rest;
        const reply = replyTo(parsed.request);
        if (reply !== null) socket.write(reply);
      }
      leftovers.set(socket, rest);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${port}/`,
    port,
    sockets,
    stray: () => [...leftovers.values()].map((rest) => rest.toString('latin1')).join(''),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

function nameIn(authorization: string): string | null {
  const basic = /^Basic (.+)$/.exec(authorization)?.[1];
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString('utf8').split(':')[0] ?? null;
  const claims = /^Bearer [^.]+\.([^.]+)/.exec(authorization)?.[1] ?? '';
  return (JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { sub: string }).sub;
}

/** The first whole request in `bytes`; null while there is none. */
function parseRequest(bytes: Buffer, socket: Socket): { request: Recorded; rest: Buffer } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const [line = '', ...fields] = head.split('\r\n');
  const [method = '', target = ''] = line.split(' ');
  const headers = new Map<string, string[]>();
  for (const field of fields) {
    const at = field.indexOf(':');
    const name = field.slice(0, at).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), field.slice(at + 1).trim()]);
  }
  const body = headers.has('transfer-encoding')
    ? parseChunks(bytes.subarray(end + 4))
    : takeLength(bytes.subarray(end + 4), Number(headers.get('content-length')?.[0] ?? 0));
  return body && { request: { head, method, target, headers, body: body.body, socket }, rest: body.rest };
}

const takeLength = (bytes: Buffer, length: number): { body: Buffer; rest: Buffer } | null =>
  bytes.length < length ? null : { body: bytes.subarray(0, length), rest: bytes.subarray(length) };

function parseChunks(bytes: Buffer): { body: Buffer; rest: Buffer } | null {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const length = parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const end = line + 2 + length + 2;
    if (bytes.length < end) return null;
    if (length === 0) return { body: Buffer.concat(pieces), rest: bytes.subarray(end) };
    pieces.push(bytes.subarray(line + 2, end - 2));
    at = end;
  }
}
