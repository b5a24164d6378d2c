// Where to listen, as a person types it: every link, this machine alone, or links by their names.
import { InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import type { Listen } from '../../core/env/env.js';
import { LISTEN } from '../../core/env/shape.js';

/** Of `config set listen.on`, which tells what is wrong with it as with every value. */
export const parseListen = (text: string): Listen['on'] =>
  text === 'link-local' || text === 'loopback' ? text : text.split(',');

/** Of `--listen`: what is wrong with it is not the configuration's. */
export function parseListenOption(text: string): Listen['on'] {
  const on = parseListen(text);
  if (!v.is(LISTEN.entries.on, on))
    throw new InvalidArgumentError('Say names of links, with commas and no spaces between them.');
  return on;
}
