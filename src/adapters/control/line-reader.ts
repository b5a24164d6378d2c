// The reading side of the control channel: lines of stdin, one at a time, until its end.
import type { Readable } from 'node:stream';
import { createLineSplitter } from '../../core/control/lines.js';

/** Yields each line; null for one that was too long. Ends with the stream, and reads no faster than it is asked. */
export async function* readLines(input: Readable): AsyncGenerator<string | null> {
  const splitter = createLineSplitter();
  for await (const bytes of input) yield* splitter.push(bytes as Uint8Array);
  const rest = splitter.rest();
  if (rest !== null) yield rest;
}
