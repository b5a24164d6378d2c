// A peer of the gateway: node's own HTTPS client with a leaf, which checks whom it reached.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { TestLeaf, TestPki } from './pki.js';

export interface PeerReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  json(): unknown;
}

export interface PeerRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes and streams as they are, anything else as JSON. */
  readonly body?: unknown;
}

export interface Client {
  /** Resolves with the whole reply. */
  ask(method: string, path: string, request?: PeerRequest): Promise<PeerReply>;
  /** Resolves with the head of the reply; its body is for the caller to read. */
  open(method: string, path: string, request?: PeerRequest): Promise<IncomingMessage>;
  close(): void;
}

export interface Peer extends Client {
  readonly port: number;
  readonly agent: HttpsAgent;
}

/** No more than may be without a leaf at once from one address: PouchDB asks for all attachments of a batch at once. */
const MAX_CONNECTIONS = 8;

/** Speaks with the gateway on `port`, which has to be Ada's laptop. */
export function createPeer(port: number, pki: TestPki, { certPem, keyPem }: TestLeaf): Peer {
  const agent = new HttpsAgent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    ca: pki.ada.ca.certPem,
    cert: certPem,
    key: keyPem,
    servername: `${pki.ada.laptop.deviceId}.patchcord.internal`,
  });
  const send: Send = (options) => httpsRequest({ host: '::1', port, agent, ...options });
  return { port, agent, ...createClient(send, agent) };
}

/** Speaks with a database directly, past any gateway, as this user. */
export function createDirectClient(port: number, authorization: string): Client {
  const agent = new HttpAgent({ keepAlive: true });
  const send: Send = ({ headers, ...options }) =>
    httpRequest({ host: '127.0.0.1', port, agent, ...options, headers: { authorization, ...headers } });
  return createClient(send, agent);
}

type Send = (options: {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | number>;
}) => ClientRequest;

function createClient(send: Send, agent: HttpAgent): Client {
  const open: Client['open'] = (method, path, request = {}) =>
    new Promise((resolve, reject) => {
      const sent = send({ method, path, headers: headersOf(request) });
      sent.once('response', resolve).once('error', reject);
      if (isStream(request.body)) request.body.once('error', reject).pipe(sent);
      else sent.end(bytesOf(request.body));
    });
  return {
    open,
    ask: async (method, path, request) => readReply(await open(method, path, request)),
    close: () => agent.destroy(),
  };
}

export async function readReply(reply: IncomingMessage): Promise<PeerReply> {
  const pieces: Buffer[] = [];
  for await (const piece of reply as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  return {
    status: reply.statusCode ?? 0,
    headers: reply.headers,
    body,
    json: () => JSON.parse(body.toString('utf8')) as unknown,
  };
}

const isStream = (body: unknown): body is Readable =>
  typeof body === 'object' && body !== null && 'pipe' in body;

const bytesOf = (body: unknown): Buffer | undefined => {
  if (body === undefined) return undefined;
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
};

function headersOf({ headers = {}, body }: PeerRequest): Record<string, string | number> {
  if (body === undefined || isStream(body)) return headers;
  const type = Buffer.isBuffer(body) ? {} : { 'content-type': 'application/json' };
  return { ...type, 'content-length': bytesOf(body)?.length ?? 0, ...headers };
}
