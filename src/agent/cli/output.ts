// What a command says: readable text, or JSON for programs. Only `--json` decides, never where the output goes.
import type { Failure } from './failure.js';

export interface Output {
  readonly isJson: boolean;
  /** A fact as JSON on one line, or as text of one or more lines; null text is said in JSON only. */
  tell(fact: object, text: string | null): void;
  fail(failure: Failure): void;
}

type Stream = Pick<NodeJS.WriteStream, 'write'>;

export function createOutput(isJson: boolean, stdout: Stream, stderr: Stream): Output {
  return {
    isJson,
    tell(fact, text) {
      if (isJson) stdout.write(`${JSON.stringify(fact)}\n`);
      else if (text !== null) stdout.write(`${text}\n`);
    },
    fail(failure) {
      if (isJson) stdout.write(`${JSON.stringify({ error: describe(failure) })}\n`);
      else stderr.write(`${formatFailure(failure)}\n`);
    },
  };
}

const describe = ({ code, message, hint, problems }: Failure): object => ({
  code,
  message,
  ...(hint !== null && { hint }),
  ...(problems.length > 0 && { problems }),
});

const formatFailure = ({ message, hint, problems }: Failure): string =>
  [
    `patchcord: ${message}`,
    ...problems.map(({ path, reason }) => `  ${path} ${reason}`),
    ...(hint === null ? [] : [hint]),
  ].join('\n');
