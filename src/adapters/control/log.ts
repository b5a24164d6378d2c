// The log, on stderr: JSON lines, or readable where stderr is a terminal. It says what happened, never a value of
// the env, a path of a request, or a header.
import type { WriteStream } from 'node:tty';

export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Beyond this the log drops lines: whoever does not read stderr must not make the gateway grow. */
const MAX_BACKLOG_BYTES = 256 * 1024;

const COLOURS: Record<LogLevel, string> = { info: '', warn: '\u001b[33m', error: '\u001b[31m' };
const RESET = '\u001b[0m';

export function createLog(output: NodeJS.WriteStream | WriteStream, now: () => Date, noColour: boolean): Log {
  output.on('error', () => undefined);
  const isTerminal = output.isTTY;
  return (level, message, fields = {}) => {
    if (output.writableLength > MAX_BACKLOG_BYTES) return;
    const time = now().toISOString();
    if (!isTerminal) {
      output.write(`${JSON.stringify({ time, level, message, ...fields })}\n`);
      return;
    }
    const colour = noColour ? '' : COLOURS[level];
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
    output.write(`${colour}${time} ${level} ${message}${details.join('')}${colour === '' ? '' : RESET}\n`);
  };
}
