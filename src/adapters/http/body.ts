// Reads a request body within its bounds: in size, in speed, and, where it is held, in what all held bodies together
// may take. A body that breaks a bound costs no more than the bound.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { Refusal } from '../../core/errors.js';

/** Memory for held bodies, shared by all requests. */
export interface BodyMemory {
  /** Takes `bytes`; false when that is more than is left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBodyMemory(totalBytes: () => number): BodyMemory {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > totalBytes()) return false;
      taken += bytes;
      return true;
    },
    give: (bytes) => void (taken -= bytes),
  };
}

export interface BodyLimits {
  readonly maxBytes: number;
  readonly stallMs: number;
  readonly bytesPerSecond: number;
}

const MS_PER_SECOND = 1000;

/** Answers a waiting `Expect: 100-continue`: from here on the body is wanted. */
function begin(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}

/** Ends the connection of a body that comes slower than it may; back pressure of ours does not count against it. */
function watchSpeed(request: IncomingMessage, { stallMs, bytesPerSecond }: BodyLimits): void {
  let received = 0;
  let wasPaused = false;
  request.on('data', (bytes: Buffer) => void (received += bytes.length));
  request.on('pause', () => void (wasPaused = true));
  const timer = setInterval(() => {
    const isSlow = received < (bytesPerSecond * stallMs) / MS_PER_SECOND;
    if (isSlow && !wasPaused && !request.isPaused()) request.socket.destroy();
    received = 0;
    wasPaused = false;
  }, stallMs);
  const stop = (): void => clearInterval(timer);
  request.once('end', stop).once('close', stop);
}

/** A body that was read whole. `release` gives its memory back, and is safe to call more than once. */
export interface HeldBody {
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
  readonly release: () => void;
}

/** The whole body. `onBytes` sees each piece as it arrives and may throw the `Refusal`. */
export async function readHeldBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
  memory: BodyMemory,
  onBytes: (bytes: Uint8Array) => void,
): Promise<HeldBody> {
  const pieces: Buffer[] = [];
  let size = 0;
  let taken = 0;
  const release = (): void => {
    memory.give(taken);
    taken = 0;
  };
  begin(request, response);
  watchSpeed(request, limits);
  try {
    await forEachPiece(request, (bytes) => {
      size += bytes.length;
      if (size > limits.maxBytes) throw new Refusal('body-too-large');
      if (!memory.take(bytes.length)) throw new Refusal('busy');
      taken += bytes.length;
      onBytes(bytes);
      pieces.push(bytes);
    });
  } catch (error) {
    release();
    throw error;
  }
  return { pieces, bytes: size, release };
}

/** Like `for await`, but without destroying the request when a piece is refused: the refusal is still to be sent. */
function forEachPiece(request: IncomingMessage, onPiece: (bytes: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (settle: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      settle();
    };
    const onData = (bytes: Buffer): void => {
      try {
        onPiece(bytes);
      } catch (error) {
        stop(() => reject(error instanceof Error ? error : new Error('not a piece')));
      }
    };
    const onEnd = (): void => stop(resolve);
    const onClose = (): void => stop(() => reject(new Error('the client went away')));
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** The body as a stream that fails with a `Refusal` once it is larger than it may be. */
export function streamBody(request: IncomingMessage, response: ServerResponse, limits: BodyLimits): Readable {
  let size = 0;
  begin(request, response);
  const counted = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      size += bytes.length;
      if (size > limits.maxBytes) done(new Refusal('body-too-large'));
      else done(null, bytes);
    },
  });
  watchSpeed(request, limits);
  request.once('close', () => {
    if (!request.complete) counted.destroy();
  });
  return request.pipe(counted);
}
