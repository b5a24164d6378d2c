// Forwards one request to the upstream: not the peer's, but a new one made of parsed parts. The reply is handed over as
// it comes, with its body unread.
import type { Readable } from 'node:stream';
import { Refusal } from '../../core/errors.js';
import type { HeaderList } from '../../core/headers.js';
import type { ReplyHead } from './reply-head.js';
import type { UpstreamPool } from './upstream-pool.js';
import { PEER_GONE, UpstreamReply } from './upstream-reply.js';
import { UpstreamTimeout, type Vouch } from './upstream-socket.js';

export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form, written by `formatTarget`. */
  readonly path: string;
  /** The whole of them, with the credentials of the role; of the framing of the body, its length where that is known. */
  readonly headers: HeaderList;
  readonly body: Readable | null;
  /** Until the first byte of the reply; null for a feed, which may be silent. */
  readonly firstByteMs: number | null;
}

/** What a request lasts no longer than. */
export interface Ending {
  readonly hasEnded: boolean;
  /** Called when it comes; whoever sets it is the only one that is told. */
  onEnd: (() => void) | null;
}

export interface ForwardedReply extends ReplyHead {
  readonly body: Pick<UpstreamReply, 'sendTo' | 'read' | 'destroy'>;
}

export interface Forwarder {
  /**
   * Resolves with the reply's head; rejects with the `Refusal` for what went wrong. The `ending` ends it. Over a new
   * connection nothing goes up before `vouch` resolved.
   */
  forward(request: UpstreamRequest, ending: Ending, vouch: Vouch | null): Promise<ForwardedReply>;
}

export function createForwarder(pool: UpstreamPool): Forwarder {
  return {
    // One promise, and nothing that waits for another: it is on the path of every request.
    forward: (request, ending, vouch) =>
      new Promise((resolve, reject) => {
        const { firstByteMs } = request;
        const onSilence = (): void => reply.destroy(new UpstreamTimeout('first byte'));
        const silence = firstByteMs === null ? undefined : setTimeout(onSilence, firstByteMs);
        const reply = new UpstreamReply(
          ({ status, headers }) => {
            clearTimeout(silence);
            resolve({ status, headers, body: reply });
          },
          (error) => {
            clearTimeout(silence);
            reject(refusalFor(error));
          },
        );
        // A body on its way is progress: the wait begins anew with every piece.
        reply.onProgress = () => void silence?.refresh();
        ending.onEnd = () => reply.destroy(PEER_GONE);
        if (ending.hasEnded) reply.destroy(PEER_GONE);
        else pool.send(request, reply, vouch);
      }),
  };
}

/** What the peer is told of a failure on the way to the upstream. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(error instanceof UpstreamTimeout ? 'upstream-timeout' : 'upstream-failed');
}
