// The agent as a process: arguments in, exit code out, and the signals that end it.
import { readFileSync } from 'node:fs';
import { createCli } from './cli/cli.js';
import { EXIT } from './cli/failure.js';
import { createProgram, runProgram } from './cli/program.js';

export async function main(args: readonly string[]): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait. What was started ends with its stdin.
      if (stopping.signal.aborted) process.exit(EXIT.interrupted);
      stopping.abort();
    });
  }
  // As in `patchcord files list | head`.
  process.stdout.on('error', () => process.exit(EXIT.ok));

  const { env, stdin, stdout, stderr } = process;
  const cli = createCli({
    version: readVersion(),
    env,
    stdin,
    stdout,
    stderr,
    signal: stopping.signal,
    now: () => new Date(),
  });
  // Connections to CouchDB that are kept for reuse would keep the process.
  process.exit(await runProgram(createProgram(cli), cli, args));
}

function readVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
