// One judged connection to a peer: one request at a time, kept alive between them. Everything that the peer sends
// before its reply begins is bounded here.
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Certificate } from '../../core/leaf/certificate.js';
import type { DialAddress } from '../../core/peers/dial-address.js';
import type { Dialled } from './dial.js';
import type { Zones } from './zones.js';

export interface PeerRequest {
  readonly method: string;
  /** Origin-form, written by `formatTarget`. */
  readonly path: string;
  /** The whole of them, with the framing of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | null;
  /** Until the head of the reply; null for a feed, which may be silent. */
  readonly firstByteMs: number | null;
}

export interface PeerConnection {
  readonly address: DialAddress;
  readonly leaf: Certificate;
  /** Whether a request is under way, or someone is about to send one. */
  readonly isBusy: boolean;
  readonly isOpen: boolean;
  /** Makes it the caller's, who must `send` or `release`; while a request is under way, for after it. */
  reserve(): void;
  release(): void;
  /** Resolves with the head of the reply; rejects with `ConnectionBroken`. Abort `signal` to end both. */
  send(asked: PeerRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /** Whether its link is still the one that it was made on. */
  isOn(zones: Zones): boolean;
  destroy(): void;
}

export interface ConnectionEvents {
  readonly onFree: () => void;
  /** `wasLost`: the peer or the link ended it, not this side. */
  readonly onClose: (wasLost: boolean) => void;
}

/** The connection ended before the reply began, or said what is no reply; `code` says how. */
export class ConnectionBroken extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Shorter than a peer's own 65 s: a request should not race with its closing. */
const IDLE_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Replies before the reply (1xx) are no more than a few. */
const MAX_INTERIM_REPLIES = 8;

export function createPeerConnection(
  { socket, leaf, scopeId }: Dialled,
  address: DialAddress,
  host: string,
  events: ConnectionEvents,
): PeerConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE_MS });
  agent.createConnection = () => socket;
  let isReserved = true;
  let isInUse = false;
  const isBusy = (): boolean => isReserved || isInUse;

  const tellFree = (): void => {
    if (!isBusy() && !socket.destroyed) events.onFree();
  };
  agent.on('free', () => {
    // The next request has it already.
    if (Object.keys(agent.freeSockets).length === 0) return;
    isInUse = false;
    tellFree();
  });
  let isEndedElsewhere = false;
  let isEndedHere = false;
  const onEnded = (): void => void (isEndedElsewhere = true);
  socket.once('end', onEnded).once('error', onEnded);
  // Only then the agent ends it.
  socket.on('timeout', () => (isEndedHere ||= !isInUse));
  socket.once('close', () => {
    agent.destroy();
    // Newer lines of Node tell no end of a connection that is idle, only that it is closed.
    events.onClose(isEndedElsewhere || (!isBusy() && !isEndedHere));
  });

  function begin({ method, path, headers, body }: PeerRequest): ClientRequest {
    const outgoing = request({
      agent,
      method,
      path,
      headers: { host, ...headers },
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    if (body === null) outgoing.end();
    else {
      body.once('error', () => outgoing.destroy());
      body.pipe(outgoing);
    }
    return outgoing;
  }

  return {
    address,
    leaf,
    get isBusy() {
      return isBusy();
    },
    get isOpen() {
      return !socket.destroyed && socket.writable;
    },
    reserve: () => void (isReserved = true),
    release() {
      isReserved = false;
      tellFree();
    },
    send: (asked, signal) =>
      new Promise((resolve, reject) => {
        isReserved = false;
        isInUse = true;
        const outgoing = begin(asked);
        const fail = (code: string): void => {
          clearTimeout(silence);
          outgoing.destroy();
          reject(new ConnectionBroken(code));
        };
        const { firstByteMs, body } = asked;
        const silence =
          firstByteMs === null ? undefined : setTimeout(() => fail('first-byte-timeout'), firstByteMs);
        // A body on its way is progress: the wait begins anew with every piece.
        body?.on('data', () => silence?.refresh());
        const onAbort = (): void => fail('aborted');
        signal.addEventListener('abort', onAbort, { once: true });
        let interim = 0;
        outgoing.on('information', () => {
          interim += 1;
          if (interim > MAX_INTERIM_REPLIES) fail('interim-replies');
        });
        outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown'));
        outgoing.once('upgrade', () => fail('upgrade'));
        outgoing.once('close', () => {
          signal.removeEventListener('abort', onAbort);
          fail('closed');
        });
        outgoing.once('response', (reply) => {
          clearTimeout(silence);
          resolve(reply);
        });
      }),
    isOn: (zones) => address.zone === null || zones.get(address.zone) === scopeId,
    destroy() {
      isEndedHere = true;
      socket.destroy();
    },
  };
}
