// Copies a file leaf by leaf while it is hashed, so that what is hashed are the bytes that were written.
import type { FileHandle } from 'node:fs/promises';
import { LEAF_BYTES } from '../../core/skein/hashing.js';
import type { FileHasher, HashedFile } from './hash-file.js';

/** The source became shorter, or cannot be read, while it was copied. */
export class SourceChanged extends Error {}

export interface PartReader {
  /** Reads into the beginning of `buffer`; resolves to the bytes read, 0 where the file ends. */
  read(buffer: Uint8Array, position: number, length: number): Promise<number>;
}

export const readerOf = (file: FileHandle): PartReader => ({
  read: async (buffer, position, length) => (await file.read(buffer, 0, length, position)).bytesRead,
});

export interface CopyOptions {
  readonly from: PartReader;
  /** Open for reading and writing. */
  readonly to: FileHandle;
  readonly size: number;
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

/** Copies `size` bytes, and makes sure that they are on the disk. Throws `SourceChanged` where there are fewer. */
export async function copyLeaves(hasher: FileHasher, options: CopyOptions): Promise<HashedFile> {
  const { from, to, size, onBytes, signal } = options;
  const idle: Buffer[] = [];
  const prepare = async (index: number, length: number): Promise<void> => {
    const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(Math.min(LEAF_BYTES, size));
    await copyPart(from, to, buffer.subarray(0, length), index * LEAF_BYTES);
    idle.push(buffer);
  };
  const hashed = await hasher.hash({ fd: to.fd, size, onBytes, prepare }, signal);
  if (hashed === null) throw new SourceChanged();
  await to.sync();
  return hashed;
}

async function copyPart(from: PartReader, to: FileHandle, part: Buffer, position: number): Promise<void> {
  for (let done = 0; done < part.length;) {
    const count = await from.read(part.subarray(done), position + done, part.length - done);
    if (count === 0) throw new SourceChanged();
    done += count;
  }
  for (let done = 0; done < part.length;)
    done += (await to.write(part, done, part.length - done, position + done)).bytesWritten;
}
