// `npm run soak -- MINUTES [--seed S]`: two devices under a mixed load, while faults befall them at random; in the end all
// is mended, and both are compared. Tells the seed, what was tried and how often; the exit code is 0 where they are the same.
import { randomInt } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runSoak } from './soak/run.js';

const SELF = fileURLToPath(import.meta.url);
const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, inside: { type: 'boolean' } },
  allowPositionals: true,
});
const minutes = Number(positionals[0] ?? 10);
const seed = Number(values.seed ?? randomInt(2 ** 32));
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('npm run soak -- MINUTES [--seed NUMBER]');
  process.exit(64);
}

if (values.inside) {
  process.exitCode = await runSoak({ minutes, seed });
} else {
  // Namespaces of its own: for the cable, and for drives that can be full.
  const { status } = spawnSync(
    'unshare',
    [
      '-Urnm',
      '--fork',
      '--kill-child',
      process.execPath,
      SELF,
      String(minutes),
      '--seed',
      String(seed),
      '--inside',
    ],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
