// Where processes connected, as the connect hook wrote it down.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONNECTS_FILE, type Reached } from './connect-hook.js';

const HOOK = fileURLToPath(new URL('./connect-hook.js', import.meta.url));
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

export interface ReachedRecord {
  /** For the environment of a process: it and the node processes that inherit it are written down. */
  readonly env: NodeJS.ProcessEnv;
  /** Everything so far. */
  all(): Reached[];
  /** What is neither this host's loopback nor the path of a Unix socket. */
  beyond(): Reached[];
}

export function recordReached(folder: string): ReachedRecord {
  const file = join(folder, 'reached.jsonl');
  const all = (): Reached[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Reached)
      : [];
  return {
    env: { NODE_OPTIONS: `--import=${HOOK}`, [CONNECTS_FILE]: file },
    all,
    beyond: () =>
      all().filter(({ to, by }) => by === 'datagram' || !(LOOPBACK.has(to) || to.startsWith('/'))),
  };
}
