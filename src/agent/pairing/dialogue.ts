// Asks the person of a pairing: at a terminal with questions, else a line of stdin for each, so that a program can
// answer as well. A question that has become pointless is taken back.
import { createInterface } from 'node:readline';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import { ask, canAsk } from '../cli/prompt.js';

export interface Dialogue {
  /** What was typed, without its end of line. Rejects with an `AbortError` where it was taken back. */
  ask(
    question: string,
    options?: { readonly hidden?: boolean; readonly signal?: AbortSignal },
  ): Promise<string>;
  close(): void;
}

export function createDialogue(context: CommandContext): Dialogue {
  if (canAsk(context))
    return {
      ask: (question, { hidden = false, signal } = {}) =>
        ask(
          { ...context, signal: AbortSignal.any([context.signal, ...(signal ? [signal] : [])]) },
          question,
          {
            hidden,
          },
        ),
      close: () => undefined,
    };
  return createLineDialogue(context);
}

function createLineDialogue({ stdin, signal: stopped, output, stderr }: CommandContext): Dialogue {
  const lines: string[] = [];
  const looks = new Set<() => void>();
  let ended = false;
  const reader = createInterface({ input: stdin });
  const look = (): void => looks.forEach((one) => one());
  reader.on('line', (line) => {
    lines.push(line);
    look();
  });
  reader.on('close', () => {
    ended = true;
    look();
  });
  return {
    ask: (question, { signal } = {}) => {
      if (!output.isJson) stderr.write(`${question}\n`);
      const cancel = AbortSignal.any([stopped, ...(signal ? [signal] : [])]);
      return new Promise((resolve, reject) => {
        const next = (): void => {
          if (!cancel.aborted && lines.length === 0 && !ended) return;
          looks.delete(next);
          cancel.removeEventListener('abort', next);
          const line = cancel.aborted ? undefined : lines.shift();
          if (line !== undefined) resolve(line);
          else
            reject(
              cancel.aborted
                ? aborted()
                : new Failure('usage', 'no-answer', 'there is no one to ask here', {
                    hint: 'Run it at a terminal; or with --json, which takes answers as lines.',
                  }),
            );
        };
        cancel.addEventListener('abort', next);
        looks.add(next);
        next();
      });
    },
    close: () => reader.close(),
  };
}

const aborted = (): Error => Object.assign(new Error('taken back'), { name: 'AbortError' });
