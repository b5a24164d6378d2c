// `pair`, `join`, `share` and `accept` as a program answers them: lines of JSON out, lines of text in.
import assert from 'node:assert/strict';
import {
  isEvent,
  startPatchcord,
  type Command,
  type Line,
  type StartOptions,
  type TestHome,
} from './agent.js';

export interface Offered {
  readonly command: Command;
  readonly code: string;
  /** For `--at`. */
  readonly at: string;
}

/** `pair` or `share` in a home where `up` runs on loopback. */
export async function startOffer(
  home: TestHome,
  args: readonly string[],
  options?: StartOptions,
): Promise<Offered> {
  const command = startPatchcord(home, [...args, '--json'], options);
  const line = (await command.untilLine(isEvent('offered'))) as Line & {
    code: string;
    listeners: { address: string; port: number }[];
  };
  const [listener] = line.listeners;
  assert.ok(listener);
  return { command, code: line.code, at: `[${listener.address}]:${listener.port}` };
}

/** `join` or `accept`, with the code typed. */
export function startTaking(
  home: TestHome,
  args: readonly string[],
  { code, at }: Pick<Offered, 'code' | 'at'>,
  options?: StartOptions,
): Command {
  const command = startPatchcord(home, [...args, '--json', '--at', at], options);
  command.type(`${code}\n`);
  return command;
}

/** What a person is asked to compare. */
export const untilCompare = (command: Command): Promise<Line> => command.untilLine(isEvent('compare'));

/** Both people see the same, and say yes. */
export async function agree(one: Command, other: Command): Promise<void> {
  const [here, there] = await Promise.all([untilCompare(one), untilCompare(other)]);
  assert.match(String(here['digits']), /^\d{6}$/);
  assert.equal(here['digits'], there['digits']);
  one.type('yes\n');
  other.type('yes\n');
}
