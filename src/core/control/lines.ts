// Splits a byte stream into lines of bounded length: the channel to the launcher, in both directions.

/** Longest line either side may send, without its newline. */
export const MAX_LINE_BYTES = 1024 * 1024;

const NEWLINE = 0x0a;

export interface LineSplitter {
  /** The lines that `bytes` completes; null stands for a line that was too long, of which nothing is kept. */
  push(bytes: Uint8Array): (string | null)[];
  /** What stood after the last newline, at the end of the stream; null when that is nothing. */
  rest(): string | null;
}

export function createLineSplitter(maxBytes = MAX_LINE_BYTES): LineSplitter {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let overlong = false;

  const hold = (piece: Uint8Array): void => {
    held += piece.length;
    if (held > maxBytes) {
      overlong = true;
      pieces = [];
    } else if (piece.length > 0) pieces.push(piece);
  };

  const take = (): string | null => {
    const line = overlong ? null : Buffer.concat(pieces).toString('utf8');
    pieces = [];
    held = 0;
    overlong = false;
    return line;
  };

  return {
    push(bytes) {
      const lines: (string | null)[] = [];
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        hold(bytes.subarray(start, end));
        lines.push(take());
        start = end + 1;
      }
      hold(bytes.subarray(start));
      return lines;
    },
    rest: () => (overlong || held > 0 ? take() : null),
  };
}
