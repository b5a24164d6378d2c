// The upstream as the gateway uses it: forwarding with the credentials of a role, and small questions of its own,
// asked over the same connections.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Credential, UpstreamAddress } from '../../core/env/couchdb.js';
import { isObject } from '../../core/env/env.js';
import type { Limits } from '../../core/limits.js';
import { createForwarder, type UpstreamRequest } from './forward.js';
import { createUpstreamAgent, retireAgent, type Vouch } from './upstream-agent.js';

export interface Answer {
  readonly status: number;
  /** The `Server` header, which names CouchDB's version even where its root needs a login. */
  readonly server: string | null;
  /** Null when it is no JSON object, or too large for a small answer. */
  readonly body: Readonly<Record<string, unknown>> | null;
}

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly credential: Credential;
  readonly body?: unknown;
  /** Without it, whoever answers is asked. */
  readonly vouch?: Vouch;
}

export interface Upstream {
  /** Adds the credentials, which `vouch` says to be still in order; see `Forwarder.forward`. */
  forward(
    request: UpstreamRequest,
    credential: Credential,
    signal: AbortSignal,
    vouch: Vouch,
  ): Promise<IncomingMessage>;

  /** Rejects with a `Refusal` where the upstream does not in time. */
  ask(question: Question): Promise<Answer>;
  /** Grows whenever a connection was lost: what was known of the upstream before that has to be asked again. */
  readonly epoch: number;
  /** What is under way goes on; nothing is kept after it. */
  close(): void;
}

const ASK_MS = 10_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const authorizationOf = (credential: Credential): Record<string, string> => {
  if (credential.kind === 'none') return {};
  if (credential.kind === 'jwt') return { authorization: `Bearer ${credential.token}` };
  const pair = Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
};

export function createUpstream(address: UpstreamAddress, limits: () => Limits): Upstream {
  let epoch = 0;
  const agent = createUpstreamAgent({
    address,
    connectMs: () => limits().upstreamConnectMs,
    onLost: () => void (epoch += 1),
  });
  const forwarder = createForwarder(address, agent);

  const withCredential = (request: UpstreamRequest, credential: Credential): UpstreamRequest => ({
    ...request,
    headers: { ...request.headers, ...authorizationOf(credential) },
  });

  return {
    forward: (request, credential, signal, vouch) =>
      forwarder.forward(withCredential(request, credential), signal, vouch),
    async ask({ method = 'GET', path, credential, body, vouch }) {
      const signal = AbortSignal.timeout(ASK_MS);
      const text = body === undefined ? null : JSON.stringify(body);
      const request: UpstreamRequest = {
        method,
        path,
        headers: { accept: 'application/json', ...(text !== null && bodyHeaders(text)) },
        body: text === null ? null : Readable.from([Buffer.from(text)]),
        firstByteMs: ASK_MS,
      };
      const reply = await forwarder.forward(withCredential(request, credential), signal, vouch ?? null);
      return { status: reply.statusCode ?? 0, server: serverOf(reply), body: await readObject(reply) };
    },
    get epoch() {
      return epoch;
    },
    close: () => retireAgent(agent),
  };
}

const serverOf = ({ headers }: IncomingMessage): string | null => {
  const server = headers['server'];
  return typeof server === 'string' ? server : null;
};

const bodyHeaders = (text: string): Record<string, string> => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(text)),
});

/** The JSON object of a small reply; null for anything else. */
export async function readObject(
  reply: IncomingMessage,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Record<string, unknown> | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of reply as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) return null;
    pieces.push(piece);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
