// Examples of a command: at the end of its help, and in its man page.
import type { Command } from 'commander';

/** What is typed, and what it does. */
export type Example = readonly [command: string, purpose: string];

const known = new WeakMap<Command, readonly Example[]>();

export const examplesOf = (command: Command): readonly Example[] => known.get(command) ?? [];

export function withExamples(command: Command, examples: readonly Example[]): Command {
  known.set(command, examples);
  const width = Math.max(...examples.map(([typed]) => typed.length));
  const lines = examples.map(([typed, purpose]) => `  ${typed.padEnd(width)}  ${purpose}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
