// A reply of the upstream, from its head to its end, as undici tells of it. What comes before anyone takes the body is
// held, up to a bound; then the upstream waits. Whoever takes it sets the pace.
import type { ServerResponse } from 'node:http';
import { headersOf, type ReplyHead } from './reply-head.js';

const FIRST_FINAL_STATUS = 200;
const NOT_MODIFIED = 304;
const LENGTH_MISMATCH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
const MAX_HELD_BYTES = 65_536;
/** The most that goes out in one piece with its head, which takes text: Node sends a buffer after it, as a second. */
const TEXT_BYTES = 8192;
interface Taker {
  /** False when it has enough for now. */
  readonly take: (bytes: Buffer) => boolean;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

const NOT_BEGUN = (): void => undefined;
/** One for all: every exchange ends, and nearly always after its reply. */
export const PEER_GONE = new Error('the peer went away');

export class UpstreamReply {
  /** Called once: whether the reply came whole, and the connection may have another. */
  onSettled: (mayReuse: boolean) => void = NOT_BEGUN;
  /** Called when a piece of the request's body went up. */
  onProgress: () => void = NOT_BEGUN;
  readonly #begin: (head: ReplyHead) => void;
  readonly #fail: (error: Error) => void;
  #abort: ((error: Error) => void) | null = null;
  #resume: () => void = NOT_BEGUN;
  #failure: Error | null = null;
  #isWhole = false;
  #status = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #taker: Taker | null = null;

  /** `onHead` is told when the head is here; `onFailure` of what came instead, or of what came after it. */
  constructor(onHead: (head: ReplyHead) => void, onFailure: (error: Error) => void) {
    this.#begin = onHead;
    this.#fail = onFailure;
  }

  /** Gives the reply up, begun or not. */
  destroy(error: Error): void {
    if (this.#isWhole || this.#failure !== null) return;
    if (this.#abort === null) this.onError(error);
    else this.#abort(error);
  }

  /** Sends the body as that of `response`, whose head is set. Rejects when either of them breaks off. */
  sendTo(response: ServerResponse): Promise<void> {
    if (this.#isWhole && this.#heldBytes <= TEXT_BYTES) {
      response.end(this.takeHeld().toString('latin1'), 'latin1');
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      response.on('drain', () => this.#resume());
      response.once('close', () => this.destroy(PEER_GONE));
      this.giveTo({
        take: (bytes) => response.write(bytes),
        end: () => {
          response.end();
          resolve();
        },
        fail: (error) => {
          // A part is not to be taken for the whole.
          response.destroy();
          reject(error);
        },
      });
    });
  }

  /** The whole body; null when it is more than `maxBytes`. Rejects when it breaks off. */
  read(maxBytes: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    let size = 0;
    return new Promise((resolve, reject) => {
      this.giveTo({
        take: (bytes) => {
          size += bytes.length;
          if (size <= maxBytes) return pieces.push(bytes) > 0;
          resolve(null);
          this.destroy(new Error('more than was wanted'));
          return false;
        },
        end: () => resolve(Buffer.concat(pieces)),
        fail: reject,
      });
    });
  }

  // Not "#": for methods that costs every instance a slow call.
  private takeHeld(): Buffer {
    const held = this.#held;
    this.#held = [];
    return held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
  }

  private end(mayReuse: boolean): void {
    this.#isWhole = true;
    this.onSettled(mayReuse);
    this.#taker?.end();
  }

  private giveTo(taker: Taker): void {
    this.#taker = taker;
    if (this.#failure !== null) {
      taker.fail(this.#failure);
      return;
    }
    const wantsMore = this.#heldBytes === 0 || taker.take(this.takeHeld());
    if (this.#isWhole) taker.end();
    else if (wantsMore) this.#resume();
  }

  // What undici calls, by its names.

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (this.#failure !== null) abort(this.#failure);
  }

  onBodySent(): void {
    this.onProgress();
  }

  onHeaders(status: number, raw: readonly Buffer[], resume: () => void): boolean {
    if (status < FIRST_FINAL_STATUS) return true;
    this.#resume = resume;
    this.#status = status;
    this.#begin({ status, headers: headersOf(raw) });
    return true;
  }

  onData(bytes: Buffer): boolean {
    if (this.#taker !== null) return this.#taker.take(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes < MAX_HELD_BYTES;
  }

  onComplete(): void {
    this.end(true);
  }

  onError(error: Error): void {
    if (this.#failure !== null) return;
    // It may say how long it would be (RFC 9110 section 8.6); undici waits for that, and gives the connection up.
    const isWhole = this.#status === NOT_MODIFIED && 'code' in error && error.code === LENGTH_MISMATCH;
    if (isWhole) {
      this.end(false);
      return;
    }
    this.#failure = error;
    this.onSettled(false);
    this.#fail(error);
    this.#taker?.fail(error);
  }
}
