// How far a long task is: a bar with rate and time left at a terminal, a line of JSON a second for programs.
import { SingleBar } from 'cli-progress';
import type { CommandContext } from '../cli/cli.js';
import { formatBytes, formatSeconds } from '../cli/format.js';
import { canDraw } from '../cli/style.js';

export interface Progress {
  /** So many bytes more are done. */
  add(bytes: number): void;
  /** Bytes that need not be done after all. */
  skip(bytes: number): void;
  /** Says something beside the bar. */
  say(fact: object, text: string): void;
  stop(): void;
}

const SECOND_MS = 1000;
const BAR = '{bar} {percentage} %  {done} of {all}  {rate}/s  {left} left';

export function createProgress(context: CommandContext, totalBytes: number): Progress {
  const { output, stderr, env, now } = context;
  const startedAt = now().getTime();
  let [done, total, toldAt] = [0, totalBytes, startedAt];
  const bar = canDraw(stderr, env) && !output.isJson ? createBar(stderr) : null;

  const measure = () => {
    const seconds = Math.max(1, now().getTime() - startedAt) / SECOND_MS;
    const bytesPerSecond = Math.round(done / seconds);
    const secondsLeft = bytesPerSecond === 0 ? null : Math.ceil((total - done) / bytesPerSecond);
    return { bytes: done, totalBytes: total, bytesPerSecond, secondsLeft };
  };
  const payload = () => {
    const { bytesPerSecond, secondsLeft } = measure();
    return {
      done: formatBytes(done),
      all: formatBytes(total),
      rate: formatBytes(bytesPerSecond),
      left: secondsLeft === null ? '?' : formatSeconds(secondsLeft),
    };
  };
  const tell = (): void => {
    bar?.setTotal(total);
    bar?.update(done, payload());
    if (!output.isJson || now().getTime() - toldAt < SECOND_MS) return;
    toldAt = now().getTime();
    output.tell({ event: 'progress', ...measure() }, null);
  };
  bar?.start(total, 0, payload());

  return {
    add(bytes) {
      done += bytes;
      tell();
    },
    skip(bytes) {
      total -= bytes;
      tell();
    },
    say(fact, text) {
      // In the place of the bar, which is drawn again below.
      if (bar !== null) stderr.write('\r\u001b[K');
      output.tell(fact, text);
    },
    stop: () => bar?.stop(),
  };
}

const SAVES_OR_RESTORES = /\u001b[78]/g;

/**
 * The bar saves the place of the cursor when it begins, and goes back there in the end: by then lines stand there.
 * Drawn again though nothing changed, since a line may have taken its place.
 */
function createBar(stream: NodeJS.WriteStream): SingleBar {
  const write = (text: string): boolean => stream.write(text.replace(SAVES_OR_RESTORES, ''));
  return new SingleBar({
    stream: Object.assign(Object.create(stream) as NodeJS.WriteStream, { write }),
    format: BAR,
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true,
    linewrap: true,
    barsize: 24,
  });
}
