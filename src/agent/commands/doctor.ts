// `patchcord doctor`: looks for what is wrong on this machine, and says what to do.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { Failure } from '../cli/failure.js';
import type { Style } from '../cli/style.js';
import { adminFromEnv } from '../config/admin.js';
import { examine } from '../doctor/doctor.js';
import type { Finding, FindingState } from '../doctor/finding.js';

export function addDoctor(program: Command, cli: Cli): void {
  const command = program
    .command('doctor')
    .description('look for what is wrong on this machine, and say what to do')
    .option('--json', 'print JSON, a line for each check')
    .action((options: { readonly json?: boolean }) => cli.run(options, runDoctor));
  withExamples(command, [
    ['patchcord doctor', 'everything that can be looked at'],
    ['patchcord doctor --json', 'for programs; the exit code is 0 where nothing is bad'],
  ]);
}

async function runDoctor({ paths, env, output, style, now }: CommandContext): Promise<void> {
  let count = 0;
  for await (const finding of examine({ paths, adminLogin: adminFromEnv(env), now: now() })) {
    if (finding.state === 'bad') count += 1;
    output.tell(finding, formatFinding(finding, style));
  }
  if (count > 0)
    throw new Failure('config', 'not-well', count === 1 ? 'one thing is bad' : `${count} things are bad`);
}

const MARKS: Record<FindingState, string> = { good: 'good', attention: 'look', bad: 'BAD' };
const MARK_CHARACTERS = 6;

function formatFinding({ state, text, todo }: Finding, style: Style): string {
  const mark = MARKS[state].padEnd(MARK_CHARACTERS);
  const first = `${state === 'good' ? mark : style.warn(mark)}${text}`;
  return todo === undefined ? first : `${first}\n${' '.repeat(MARK_CHARACTERS)}${style.bold(todo)}`;
}
