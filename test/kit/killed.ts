// Commands that are killed at one of their operations on the disk.
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { createTestHome, type TestHome } from './agent.js';
import { KILL_AT, KILL_WHEN } from './kill-hook.js';

const HOOK = fileURLToPath(new URL('kill-hook.js', import.meta.url));

/** The environment in which the operation of this number, after the file `when` is there, is the last one. */
export const killedAt = (number: number, when: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import=${HOOK}`,
  [KILL_AT]: String(number),
  [KILL_WHEN]: when,
});

/** A device that is nobody's yet. */
export function newHome(t: TestContext, name: string): TestHome {
  const home = createTestHome(t);
  home.writeConfig({ name, listen: { on: 'loopback' } });
  return home;
}
