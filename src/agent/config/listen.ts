// Where to listen, as a person types it: every link, this machine alone, or links by their names.
import type { Listen } from '../../core/env/env.js';

/** Of `--listen` and of `config set listen.on`. */
export const parseListen = (text: string): Listen['on'] =>
  text === 'link-local' || text === 'loopback' ? text : text.split(',');
