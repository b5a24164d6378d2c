// The upstream as the gateway uses it: forwarding with the credentials of a role, and small questions of its own,
// asked over the same connections.
import { Readable } from 'node:stream';
import type { Credential, UpstreamAddress } from '../../core/env/couchdb.js';
import { isObject } from '../../core/env/env.js';
import type { HeaderList } from '../../core/headers.js';
import type { Limits } from '../../core/limits.js';
import { createForwarder, type Ending, type ForwardedReply, type UpstreamRequest } from './forward.js';
import { createUpstreamPool } from './upstream-pool.js';
import type { Vouch } from './upstream-socket.js';

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
    ending: Ending,
    vouch: Vouch,
  ): Promise<ForwardedReply>;

  /** Rejects with a `Refusal` where the upstream does not in time. */
  ask(question: Question): Promise<Answer>;
  /** Grows whenever a connection was lost: what was known of the upstream before that has to be asked again. */
  readonly epoch: number;
  /** What is under way goes on; nothing is kept after it. */
  close(): void;
}

const ASK_MS = 10_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const authorizationOf = (credential: Credential): HeaderList => {
  if (credential.kind === 'none') return [];
  if (credential.kind === 'jwt') return ['authorization', `Bearer ${credential.token}`];
  const pair = Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
  return ['authorization', `Basic ${pair}`];
};

export function createUpstream(address: UpstreamAddress, limits: () => Limits): Upstream {
  let epoch = 0;
  const pool = createUpstreamPool({
    address,
    connectMs: () => limits().upstreamConnectMs,
    onLost: () => void (epoch += 1),
  });
  const forwarder = createForwarder(pool);
  // Written once: it is the same for every request of a role.
  const authorizations = new WeakMap<Credential, HeaderList>();

  const withCredential = (
    { method, path, headers, body, firstByteMs }: UpstreamRequest,
    credential: Credential,
  ): UpstreamRequest => ({
    method,
    path,
    headers: [...headers, ...authorizationFor(credential)],
    body,
    firstByteMs,
  });

  function authorizationFor(credential: Credential): HeaderList {
    const known = authorizations.get(credential) ?? authorizationOf(credential);
    authorizations.set(credential, known);
    return known;
  }

  return {
    forward: (request, credential, ending, vouch) =>
      forwarder.forward(withCredential(request, credential), ending, vouch),
    async ask({ method = 'GET', path, credential, body, vouch }) {
      const text = body === undefined ? null : JSON.stringify(body);
      const request: UpstreamRequest = {
        method,
        path,
        headers: ['accept', 'application/json', ...(text === null ? [] : bodyHeaders(text))],
        body: text === null ? null : Readable.from([Buffer.from(text)]),
        firstByteMs: ASK_MS,
      };
      const ending: Ending = { hasEnded: false, onEnd: null };
      const deadline = setTimeout(() => ending.onEnd?.(), ASK_MS);
      try {
        const reply = await forwarder.forward(withCredential(request, credential), ending, vouch ?? null);
        return {
          status: reply.status,
          server: reply.headers['server'] ?? null,
          body: await readObject(reply),
        };
      } finally {
        clearTimeout(deadline);
      }
    },
    get epoch() {
      return epoch;
    },
    close: () => pool.close(),
  };
}

const bodyHeaders = (text: string): HeaderList => [
  ...['content-type', 'application/json'],
  ...['content-length', String(Buffer.byteLength(text))],
];

/** The JSON object of a small reply; null for anything else. Rejects when the reply breaks off. */
export async function readObject(
  { body }: ForwardedReply,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Record<string, unknown> | null> {
  const bytes = await body.read(maxBytes);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
