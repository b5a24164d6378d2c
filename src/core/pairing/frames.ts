// Frames on the wire: a big-endian length of four bytes, then so many bytes of JSON.

/** Of the JSON, without the length before it. */
export const MAX_FRAME_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

export function formatFrame(json: Uint8Array): Uint8Array {
  if (json.length > MAX_FRAME_BYTES) throw new RangeError('the frame is too long');
  const frame = Buffer.alloc(LENGTH_BYTES + json.length);
  frame.writeUInt32BE(json.length);
  frame.set(json, LENGTH_BYTES);
  return frame;
}

export interface FrameReader {
  /**
   * The frames that `bytes` completes. Null once one is too long: nothing is read any more. Never holds more than one
   * frame besides what was pushed.
   */
  push(bytes: Uint8Array): Uint8Array[] | null;
}

export function createFrameReader(): FrameReader {
  let pieces: Uint8Array[] = [];
  let held = 0;
  /** Bytes to have before there is anything to look at: a length, or with it what it announces. */
  let wanted = LENGTH_BYTES;

  /** Pieces are joined when there are enough, so that single bytes cost no more than themselves. */
  function take(frames: Uint8Array[]): boolean {
    const bytes = Buffer.concat(pieces);
    const end = LENGTH_BYTES + bytes.readUInt32BE();
    if (end > LENGTH_BYTES + MAX_FRAME_BYTES) return false;
    const isWhole = held >= end;
    if (isWhole) frames.push(bytes.subarray(LENGTH_BYTES, end));
    wanted = isWhole ? LENGTH_BYTES : end;
    pieces = [isWhole ? bytes.subarray(end) : bytes];
    held = isWhole ? held - end : held;
    return true;
  }

  return {
    push(bytes) {
      const frames: Uint8Array[] = [];
      if (wanted === Infinity) return null;
      pieces.push(bytes);
      held += bytes.length;
      while (held >= wanted) {
        if (take(frames)) continue;
        wanted = Infinity;
        pieces = [];
        return null;
      }
      return frames;
    },
  };
}
