// A command of `patchcord` in this process: for tests that run it hundreds of times, and reach into it.
import { Writable } from 'node:stream';
import { createCli } from '../../dist/agent/cli/cli.js';
import { createProgram, runProgram } from '../../dist/agent/cli/program.js';
import type { Result, TestHome } from './agent.js';

/** With nobody to ask, as in a script. */
export async function runHere(
  home: TestHome,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const [stdout, stderr] = [createSink(), createSink()];
  const cli = createCli({
    version: '0.0.0',
    env: { ...home.env, ...env },
    stdin: process.stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: new AbortController().signal,
    now: () => new Date(),
  });
  const code = await runProgram(createProgram(cli), cli, args);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function createSink(): { readonly stream: NodeJS.WriteStream; text(): string } {
  let text = '';
  const stream = new Writable({
    write(bytes: Buffer, _, done) {
      text += bytes.toString();
      done();
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}
