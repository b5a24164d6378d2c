// Runs the compiled tests with node's own runner: all of them, or those whose path holds one of the arguments.
//   node scripts/test.js                    everything
//   node scripts/test.js unit hostile/body  what matches
// What was skipped is compared with test/allowed-skips.json: a skip that is not on that list fails the run.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const isLong = ['FUZZ_SECONDS', 'LEAK_TIMES', 'FAULTS_ALL', 'GREEDY_SECONDS'].some(
  (name) => process.env[name] !== undefined,
);
const wanted = process.argv.slice(2);
const files = readdirSync('.test-build', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  // A compiled test whose source is gone is not a test any more.
  .filter((file) => existsSync(join('test', file.replace(/\.js$/, '.ts'))))
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
  .sort()
  .map((file) => join('.test-build', file));
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(64);
}

const scratch = mkdtempSync(join(tmpdir(), 'patchcord-test-'));
const skipsFile = join(scratch, 'skips.jsonl');
const runner = spawn(
  process.execPath,
  [
    '--test',
    // Many wait more than they work.
    '--test-concurrency=3',
    // A test that hangs fails, and says which one it is; those that are asked to take long may.
    `--test-timeout=${isLong ? 0 : 240000}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/skips-reporter.js',
    `--test-reporter-destination=${skipsFile}`,
    ...files,
  ],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));

runner.on('exit', (code, signal) => {
  const skipped = existsSync(skipsFile)
    ? readFileSync(skipsFile, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  rmSync(scratch, { recursive: true, force: true });
  const allowed = new Map(
    JSON.parse(readFileSync('test/allowed-skips.json', 'utf8')).map((entry) => [entry.test, entry]),
  );
  const unexpected = skipped.filter(({ test }) => !allowed.has(test));
  for (const { test, reason } of unexpected)
    console.error(`skipped, and not on the list: ${test} (${reason})`);
  process.exitCode = signal === null && unexpected.length === 0 ? code : code || 1;
});
