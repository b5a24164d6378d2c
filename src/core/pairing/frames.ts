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
  let held: Buffer = Buffer.alloc(0);
  let isBroken = false;
  return {
    push(bytes) {
      const frames: Uint8Array[] = [];
      held = Buffer.concat([held, bytes]);
      while (!isBroken && held.length >= LENGTH_BYTES) {
        const length = held.readUInt32BE();
        if (length > MAX_FRAME_BYTES) isBroken = true;
        else if (held.length < LENGTH_BYTES + length) break;
        else {
          frames.push(held.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
          held = held.subarray(LENGTH_BYTES + length);
        }
      }
      if (!isBroken) return frames;
      held = Buffer.alloc(0);
      return null;
    },
  };
}
