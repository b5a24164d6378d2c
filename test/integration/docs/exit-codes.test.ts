// The exit codes that are documented are those that the commands end with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT, EXIT_MEANINGS, type ExitName } from '../../../dist/agent/cli/failure.js';
import { PATCHCORD } from '../../kit/agent.js';
import { readRepositoryFile, tableRows } from './markdown.js';

const codes = (Object.keys(EXIT) as ExitName[]).map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]]);

const run = (args: readonly string[]): string =>
  spawnSync(process.execPath, [PATCHCORD, ...args], { encoding: 'utf8' }).stdout;

test('docs/exit-codes.md has every one, with the words of the code', () => {
  assert.deepEqual(tableRows(readRepositoryFile('docs/exit-codes.md')), codes);
});

test('each manual page has every one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-man-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  run(['man', folder]);
  for (const page of ['patchcord.1', 'patchcord-files-import.1']) {
    const [, status = ''] = readFileSync(join(folder, page), 'utf8').split('.SH EXIT STATUS\n');
    const told = [...status.matchAll(/^\.TP\n\.B (\d+)\n/gm)].map(([, code]) => code);
    assert.deepEqual(
      told,
      codes.map(([code]) => code),
    );
  }
});

test('the help says where they are', () => {
  assert.ok(run(['--help']).trimEnd().split('\n').at(-1)?.includes('docs/exit-codes.md'));
});
