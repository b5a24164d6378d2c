// `--watch`: asks again and again until Ctrl-C, and draws over what was drawn where that is a terminal.
import { sleep } from '../wait.js';
import type { CommandContext } from './cli.js';
import { canDraw } from './style.js';

export interface Watch {
  readonly watch: boolean;
  readonly everyMs: number;
}

/** ECMA-48: cursor home, erase below. */
const REDRAW = '\u001b[H\u001b[J';

/** Calls `show` once, or with `watch` until the command's signal; `redraw` is to be written before each screen. */
export async function showRepeatedly(
  { stdout, env, signal }: Pick<CommandContext, 'stdout' | 'env' | 'signal'>,
  { watch, everyMs }: Watch,
  show: (redraw: string) => Promise<void>,
): Promise<void> {
  const redraw = watch && canDraw(stdout, env) ? REDRAW : '';
  do {
    await show(redraw);
    if (watch) await sleep(everyMs, signal);
  } while (watch && !signal.aborted);
}
