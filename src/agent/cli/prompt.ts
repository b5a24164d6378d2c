// Asks a person at a terminal.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { CommandContext } from './cli.js';
import { Failure } from './failure.js';

/** Whether there is someone to ask. */
export const canAsk = ({ stdin, stderr, output }: CommandContext): boolean =>
  stdin.isTTY && stderr.isTTY && !output.isJson;

/** The answer, on the terminal's own line; questions go to stderr, so that stdout stays what was asked for. */
export async function ask(
  context: CommandContext,
  question: string,
  { hidden = false } = {},
): Promise<string> {
  const { stdin, stderr, signal } = context;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal: true });
  try {
    if (hidden) stderr.write(question);
    return await lines.question(hidden ? '' : question, { signal });
  } finally {
    if (hidden) stderr.write('\n');
    lines.close();
  }
}

export async function confirm(context: CommandContext, question: string): Promise<boolean> {
  const answer = await ask(context, `${question} [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim());
}

/** Fails where the person does not say yes, or there is no one to ask. */
export async function requireYes(context: CommandContext, yes: boolean, question: string): Promise<void> {
  if (yes) return;
  if (!canAsk(context))
    throw new Failure('usage', 'needs-yes', 'nothing was changed: there is no one to ask here', {
      hint: 'Say --yes.',
    });
  if (!(await confirm(context, question))) throw new Failure('declined', 'declined', 'nothing was changed');
}
