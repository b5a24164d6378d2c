// The time that is left, on one line of a terminal that is written over every second.
import type { CommandContext } from '../cli/cli.js';
import { formatSeconds } from '../cli/format.js';
import { canDraw } from '../cli/style.js';

export interface Countdown {
  start(until: Date): void;
  stop(): void;
}

const SECOND_MS = 1000;
/** ECMA-48: back to the beginning of the line, erase it. */
const REWRITE = '\r\u001b[K';

/** Silent where no person watches. */
export function createCountdown({ stdout, env, output, now }: CommandContext): Countdown {
  let timer: NodeJS.Timeout | null = null;
  return {
    start(until) {
      if (!canDraw(stdout, env) || output.isJson) return;
      const show = (): void => {
        const seconds = (until.getTime() - now().getTime()) / SECOND_MS;
        stdout.write(`${REWRITE}${formatSeconds(seconds)} left`);
      };
      show();
      timer = setInterval(show, SECOND_MS);
    },
    stop() {
      if (timer === null) return;
      clearInterval(timer);
      timer = null;
      stdout.write(REWRITE);
    },
  };
}
