// The writing side of the control channel. A launcher that reads slowly costs at most a bounded backlog: then events
// are dropped and counted. Answers are never dropped: who does not read them is not heard until it does.
import type { Writable } from 'node:stream';
import { MAX_LINE_BYTES } from '../../core/control/lines.js';
import type { GatewayEvent, RpcAnswer, TimedEvent } from '../../core/control/protocol.js';

export interface EventWriter {
  event(event: GatewayEvent): void;
  /** Resolves when the launcher may be heard again: whoever does not read its answers gets no more of them. */
  answer(answer: RpcAnswer): Promise<void>;
  /** Resolves when all that was written has been read by the pipe; never rejects. */
  flush(): Promise<void>;
}

export const MAX_BACKLOG_BYTES = MAX_LINE_BYTES;

export function createEventWriter(output: Writable, now: () => Date): EventWriter {
  let dropped = 0;
  // A launcher that is gone shows as the end of stdin; nothing is left to say to it here.
  output.on('error', () => undefined);

  const line = (value: TimedEvent | RpcAnswer): string => `${JSON.stringify(value)}\n`;
  /** One that has a time of its own, of another's clock, keeps it. */
  const timed = (event: GatewayEvent): string => line({ time: now().toISOString(), ...event });

  function reportDropped(): void {
    if (dropped === 0 || output.writableLength > 0) return;
    const message = `${dropped} events were dropped because they were not read in time`;
    dropped = 0;
    output.write(timed({ event: 'warning', code: 'events-dropped', message }));
  }
  output.on('drain', reportDropped);

  return {
    event(event) {
      const text = timed(event);
      if (output.writableLength + Buffer.byteLength(text) > MAX_BACKLOG_BYTES) dropped += 1;
      else output.write(text);
    },
    answer: (answer) =>
      new Promise((resolve) => {
        const isFull = !output.write(line(answer)) && output.writableLength >= MAX_BACKLOG_BYTES;
        if (isFull) output.once('drain', resolve).once('close', resolve);
        else resolve();
      }),
    flush: () =>
      new Promise((resolve) => {
        if (output.destroyed || output.writableLength === 0) resolve();
        else output.write('', () => resolve());
      }),
  };
}
