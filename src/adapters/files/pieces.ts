// Pieces of blobs in memory, each of them read once for all replies that send it at that time. Devices that fetch the
// same file do it side by side: whoever is ahead waits for a read, and the others catch up with it.
import type { BufferPool } from './buffer-pool.js';
import type { OpenBlob } from './stores.js';

/** Bytes `position` to `position + length - 1` of the blob; at most a buffer of the pool. */
export interface Span {
  readonly blob: OpenBlob;
  readonly position: number;
  readonly length: number;
}

/** Belongs to whoever took it, until it is released. */
export interface Piece {
  /** Exactly the bytes of the span, to be read only; rejects where they cannot be had. */
  bytes(): Promise<Buffer>;
  /** Once, when `bytes` has settled and nothing reads them any more. */
  release(): void;
}

export interface Pieces {
  /** Waits for a buffer where none has these bytes; rejects with the signal's reason when that comes first. */
  take(span: Span, signal: AbortSignal): Promise<Piece>;
}

/** A buffer with what is read into it, as long as anyone uses it. */
interface Shared {
  readonly buffer: Buffer;
  readonly key: string;
  readonly length: number;
  readonly filled: Promise<void>;
  users: number;
}

async function fill(buffer: Buffer, { blob, position, length }: Span): Promise<void> {
  const got = await blob.read(buffer, position, length);
  if (got !== length) throw new Error('the blob is shorter than it was');
}

/** By the id: whatever store it comes from, it is the same content. */
const keyOf = ({ blob, position }: Span): string => `${blob.id} ${position}`;

export function createPieces(pool: BufferPool): Pieces {
  const shared = new Map<string, Shared>();

  function release(one: Shared): void {
    one.users -= 1;
    if (one.users > 0) return;
    // There may be a longer one at the same place by now.
    if (shared.get(one.key) === one) shared.delete(one.key);
    pool.give(one.buffer);
  }

  function use(one: Shared, length: number): Piece {
    one.users += 1;
    return {
      async bytes() {
        await one.filled;
        return one.buffer.subarray(0, length);
      },
      release: () => release(one),
    };
  }

  function find(span: Span): Shared | undefined {
    const known = shared.get(keyOf(span));
    return known !== undefined && known.length >= span.length ? known : undefined;
  }

  function begin(buffer: Buffer, span: Span): Shared {
    const one = { buffer, key: keyOf(span), length: span.length, filled: fill(buffer, span), users: 0 };
    // It is met by whoever asks for the bytes.
    one.filled.catch(() => undefined);
    shared.set(one.key, one);
    return one;
  }

  return {
    async take(span, signal) {
      const known = find(span);
      if (known !== undefined) return use(known, span.length);
      const buffer = await pool.take(signal);
      // Meanwhile another may have begun it.
      const late = find(span);
      if (late !== undefined) pool.give(buffer);
      return use(late ?? begin(buffer, span), span.length);
    },
  };
}
