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

/** What there is one of for every connection: each may wait a moment, and then go out with those after it. */
const MAY_WAIT: ReadonlySet<string> = new Set<GatewayEvent['event']>(['connected', 'disconnected']);
const WAIT_MS = 20;

export function createEventWriter(output: Writable, now: () => Date): EventWriter {
  let dropped = 0;
  let waiting = '';
  let timer: NodeJS.Timeout | null = null;
  // A launcher that is gone shows as the end of stdin; nothing is left to say to it here.
  output.on('error', () => undefined);

  const line = (value: TimedEvent | RpcAnswer): string => `${JSON.stringify(value)}\n`;
  /** One that has a time of its own, of another's clock, keeps it. */
  const timed = (event: GatewayEvent): string => line({ time: now().toISOString(), ...event });

  /** What waits goes first: events are told in the order in which they came. */
  function send(text: string): boolean {
    const all = waiting + text;
    waiting = '';
    if (timer !== null) clearTimeout(timer);
    timer = null;
    return all === '' || output.write(all);
  }

  function reportDropped(): void {
    if (dropped === 0 || output.writableLength > 0) return;
    const message = `${dropped} events were dropped because they were not read in time`;
    dropped = 0;
    send(timed({ event: 'warning', code: 'events-dropped', message }));
  }
  output.on('drain', reportDropped);

  return {
    event(event) {
      const text = timed(event);
      const bytes = output.writableLength + Buffer.byteLength(waiting) + Buffer.byteLength(text);
      if (bytes > MAX_BACKLOG_BYTES) dropped += 1;
      else if (!MAY_WAIT.has(event.event)) send(text);
      else {
        waiting += text;
        timer ??= setTimeout(() => send(''), WAIT_MS);
      }
    },
    answer: (answer) =>
      new Promise((resolve) => {
        const isFull = !send(line(answer)) && output.writableLength >= MAX_BACKLOG_BYTES;
        if (isFull) output.once('drain', resolve).once('close', resolve);
        else resolve();
      }),
    flush: () =>
      new Promise((resolve) => {
        send('');
        if (output.destroyed || output.writableLength === 0) resolve();
        else output.write('', () => resolve());
      }),
  };
}
