// A disk as a process leaves it that is killed (`kill -9`) at an operation of a test's choice: that operation, and all that
// would come after it below the same folder, never happen and never end. In this process, so that each step costs little.
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';

interface Doomed {
  readonly root: string;
  readonly at: number;
  readonly onKill: () => void;
  count: number;
}

const doomed = new Set<Doomed>();
const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
for (const name of ['open', 'rename', 'mkdtemp', 'rm', 'mkdir', 'chmod'] as const) {
  const original = promises[name];
  if (original === undefined) throw new Error(`there is no ${name}`);
  promises[name] = (...args) => {
    const one = [...doomed].find(({ root }) => String(args[0]).startsWith(root));
    if (one !== undefined) one.count += 1;
    if (one === undefined || one.count < one.at) return original.apply(fs.promises, args);
    if (one.count === one.at) one.onKill();
    return new Promise(() => undefined);
  };
}
syncBuiltinESMExports();

/** More than any of them has. */
const MAX_OPERATIONS = 80;

/**
 * Runs it again and again, killed one operation on the disk below the folder later each time, until it ends by itself.
 * `run` makes its own world, calls `arm` when the counting begins, and looks at what is left after `disarm`.
 */
export async function killedAtEach(
  run: (arm: (root: string, onKill: () => void) => () => void) => Promise<void>,
): Promise<number> {
  for (let at = 1; at < MAX_OPERATIONS; at += 1) {
    const kills: number[] = [];
    await run((root, onKill) => {
      const one: Doomed = {
        ...{ root, at, count: 0 },
        onKill() {
          kills.push(at);
          onKill();
        },
      };
      doomed.add(one);
      return () => void doomed.delete(one);
    });
    if (kills.length === 0) return at - 1;
  }
  throw new Error('it never came to its end');
}
