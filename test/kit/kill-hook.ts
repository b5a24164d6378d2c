// Loaded into `patchcord` before its own code (`node --import`): kills it, as `kill -9` would, before or after the file
// operation with a number of its choice. Counted are those that change what is on the disk, once a file is there.
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';

export const KILL_AT = 'PATCHCORD_TEST_KILL_AT';
/** Counting begins when this file is there. */
export const KILL_WHEN = 'PATCHCORD_TEST_KILL_WHEN';

const at = Number(process.env[KILL_AT]);
const when = process.env[KILL_WHEN];
// Its children inherit the environment, and are not meant.
if (when !== undefined && process.argv[1]?.endsWith('bin/patchcord') === true) hook(when);

function hook(trigger: string): void {
  let count = 0;
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of ['open', 'rename', 'mkdtemp', 'rm', 'mkdir'] as const) {
    const original = promises[name];
    if (original === undefined) continue;
    promises[name] = async (...args) => {
      if (!fs.existsSync(trigger)) return original.apply(fs.promises, args);
      count += 1;
      if (count === at) process.kill(process.pid, 'SIGKILL');
      return original.apply(fs.promises, args);
    };
  }
  syncBuiltinESMExports();
}
