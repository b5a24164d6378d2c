// Forwards one request to the upstream through http-proxy. What http-proxy gets to see is not the peer's request but
// a new one, made of parsed parts: its known faults (docs/decisions/0003) concern what a client sent, and none of
// that is here. The reply is handed over as it comes, with its body unread.
import type { Agent, IncomingMessage, IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import httpProxy from 'http-proxy';
import type { UpstreamAddress } from '../../core/env/couchdb.js';
import { Refusal } from '../../core/errors.js';
import { ConnectTimeout, sendVouched, type Vouch } from './upstream-agent.js';

export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form, written by `formatTarget`. */
  readonly path: string;
  /** The whole of them, with the credentials of the role and the framing of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | null;
  /** Until the first byte of the reply; null for a feed, which may be silent. */
  readonly firstByteMs: number | null;
}

export interface Forwarder {
  /**
   * Resolves with the reply's head; rejects with the `Refusal` for what went wrong. Abort `signal` to end it. Over a
   * new connection nothing goes up before `vouch` resolved.
   */
  forward(request: UpstreamRequest, signal: AbortSignal, vouch: Vouch | null): Promise<IncomingMessage>;
}

/** As much of a request as http-proxy reads. It has the parsed form and nothing else. */
class RewrittenRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket = { destroyed: false };
  onReply: (reply: IncomingMessage) => void = () => undefined;

  constructor({ method, path, headers }: UpstreamRequest) {
    super({ read: () => undefined });
    this.method = method;
    this.url = path;
    this.headers = { ...headers };
    this.push(null);
  }
}

/** http-proxy asks these of a response that it is not to write. */
const UNWRITTEN = { headersSent: false, finished: false } as unknown as ServerResponse;

export function createForwarder(address: UpstreamAddress, agent: Agent): Forwarder {
  const { protocol, host, port } = address;
  const proxy = httpProxy.createProxyServer({
    target: { protocol, host, hostname: host, port },
    agent,
    selfHandleResponse: true,
    // The path goes up as it was written: no second parser.
    toProxy: true,
  });
  proxy.on('proxyRes', (reply, request) => (request as unknown as RewrittenRequest).onReply(reply));

  return {
    forward: (request, signal, vouch) =>
      new Promise((resolve, reject) => {
        const rewritten = new RewrittenRequest(request);
        const fail = (error: unknown): void => {
          clearTimeout(silence);
          signal.removeEventListener('abort', onAbort);
          rewritten.emit('aborted');
          reject(refusalFor(error));
        };
        const { firstByteMs, body } = request;
        const onSilence = (): void => fail(new ConnectTimeout('first byte'));
        const silence = firstByteMs === null ? undefined : setTimeout(onSilence, firstByteMs);
        // A body on its way is progress: the wait begins anew with every piece.
        body?.on('data', () => silence?.refresh());
        body?.once('error', fail);
        const onAbort = (): void => fail(new Error('the peer went away'));
        signal.addEventListener('abort', onAbort, { once: true });
        rewritten.onReply = (reply) => {
          clearTimeout(silence);
          // A signal that outlives the reply would keep all of this.
          reply.once('close', () => signal.removeEventListener('abort', onAbort));
          resolve(reply);
        };
        const options = body === null ? {} : { buffer: body };
        sendVouched(vouch, () =>
          proxy.web(rewritten as unknown as IncomingMessage, UNWRITTEN, options, fail),
        );
      }),
  };
}

/** What the peer is told of a failure on the way to the upstream. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(error instanceof ConnectTimeout ? 'upstream-timeout' : 'upstream-failed');
}
