// Sends bytes of a blob as the body of a reply: exactly those that were promised, or the connection is destroyed. While
// one piece is written the next is read; each belongs to the socket until its write is over. What to send, and the
// head of the reply, is the caller's.
import type { ServerResponse } from 'node:http';
import { BUFFER_BYTES, createBufferPool } from './buffer-pool.js';
import { createPieces, type Piece, type Pieces } from './pieces.js';
import { closeSignalOf, settled } from './socket-close.js';
import type { OpenBlob } from './stores.js';

/** 256 buffers: a client that takes nothing holds two of them. */
export const PUMP_POOL_BYTES = 134_217_728;
/** Section 9 of the design: a reply of which nothing is taken for so long is cut. */
export const PUMP_STALL_MS = 30_000;

/** `sent`: all of it. Else the connection is destroyed: no progress, the client left, or the blob cannot be read. */
export type PumpOutcome = 'sent' | 'stalled' | 'gone' | 'failed';

export interface Pumped {
  /** Those that the socket has written. */
  readonly bytes: number;
  readonly outcome: PumpOutcome;
}

export interface BlobPump {
  /**
   * Sends bytes `start` to `end`, both included, ends the response and closes the blob, whatever happens; never rejects.
   * `response` has its head set, with the length of exactly these bytes, and no body yet.
   */
  send(blob: OpenBlob, start: number, end: number, response: ServerResponse): Promise<Pumped>;
}

/** One reply under way. */
interface Reply {
  readonly blob: OpenBlob;
  readonly end: number;
  readonly response: ServerResponse;
  readonly pieces: Pieces;
  readonly stallMs: number;
  readonly closed: AbortSignal;
  bytes: number;
  /** What becomes of it where it is not sent: the first trouble that was met. */
  trouble: Exclude<PumpOutcome, 'sent'> | null;
}

/** A piece that was read. */
interface Chunk {
  readonly piece: Piece;
  readonly bytes: Buffer;
}

/** Cuts the connection where `operation` takes too long. It is waited for all the same: a buffer is in its hands. */
async function watched<Result>(reply: Reply, operation: Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => {
    reply.trouble ??= 'stalled';
    reply.response.req.socket.destroy();
  }, reply.stallMs);
  try {
    return await operation;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a buffer as long as that takes: there the client is not at fault. What is not read is released. */
async function fill(reply: Reply, position: number): Promise<Chunk> {
  const length = Math.min(BUFFER_BYTES, reply.end + 1 - position);
  const piece = await reply.pieces.take({ blob: reply.blob, position, length }, reply.closed);
  try {
    return { piece, bytes: await watched(reply, piece.bytes()) };
  } catch (error) {
    reply.trouble ??= 'failed';
    piece.release();
    throw error;
  }
}

async function write(reply: Reply, { piece, bytes }: Chunk): Promise<void> {
  try {
    await watched(
      reply,
      settled(reply.closed, (done) => reply.response.write(bytes, done)),
    );
    reply.bytes += bytes.length;
  } finally {
    piece.release();
  }
}

async function pump(reply: Reply, start: number): Promise<void> {
  let next: Promise<Chunk> | null = fill(reply, start);
  for (let position = start; next !== null;) {
    const chunk: Chunk = await next;
    position += chunk.bytes.length;
    next = position <= reply.end ? fill(reply, position) : null;
    // Its failure is met at the next turn; until then nobody listens.
    const late = next?.catch(() => null);
    try {
      await write(reply, chunk);
    } catch (error) {
      const unsent = await late;
      unsent?.piece.release();
      throw error;
    }
  }
}

/** Behind an earlier request on the same connection a response has no socket yet: it waits, and holds no buffer. */
async function ownTurn({ response, closed }: Reply): Promise<void> {
  if (response.socket === null) await settled(closed, (done) => response.once('socket', () => done()));
}

/** Sends blobs with at most `poolBytes` of buffers; no part of a reply may take longer than `stallMs`. */
export function createBlobPump({ poolBytes = PUMP_POOL_BYTES, stallMs = PUMP_STALL_MS } = {}): BlobPump {
  const pieces = createPieces(createBufferPool(poolBytes));
  return {
    async send(blob, start, end, response) {
      const closed = closeSignalOf(response.req.socket);
      const reply: Reply = { blob, end, response, pieces, stallMs, closed, bytes: 0, trouble: null };
      try {
        await ownTurn(reply);
        await pump(reply, start);
        response.end();
        return { bytes: reply.bytes, outcome: 'sent' };
      } catch {
        response.req.socket.destroy();
        return { bytes: reply.bytes, outcome: reply.trouble ?? 'gone' };
      } finally {
        await blob.close().catch(() => undefined);
      }
    },
  };
}
