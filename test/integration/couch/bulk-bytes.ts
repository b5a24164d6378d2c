// Many bytes, without holding them: made piece by piece, each another, and known by their hash.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

const PIECE_BYTES = 256 * 1024;
const PIECE = randomBytes(PIECE_BYTES);

function* pieces(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++) {
    const piece = Buffer.from(PIECE);
    piece.writeUInt32BE(index);
    yield piece;
  }
}

export interface BulkBytes {
  readonly length: number;
  readonly sha256: string;
  /** A new stream of them. */
  stream(): Readable;
}

export function createBulkBytes(mebibytes: number): BulkBytes {
  const count = mebibytes * 4;
  const hash = createHash('sha256');
  for (const piece of pieces(count)) hash.update(piece);
  return {
    length: count * PIECE_BYTES,
    sha256: hash.digest('hex'),
    stream: () => Readable.from(pieces(count), { objectMode: false, highWaterMark: PIECE_BYTES }),
  };
}

export async function hashStream(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of stream as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}
