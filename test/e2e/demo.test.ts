// `npm run demo`, stopped in the middle: it takes everything away before it ends. Whole it is a minute, and run by people.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../scripts/demo.js', import.meta.url));

/** Processes whose environment says that they are of this demo. */
const processesOf = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });

test('Ctrl-C in the demo leaves no folder and no process', { timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-stopped-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: folder };
  const demo = spawn(process.execPath, [DEMO], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = once(demo, 'exit') as Promise<[number | null]>;
  let said = '';
  await new Promise<void>((resolve) => {
    demo.stdout.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (said.includes('They are paired')) resolve();
    });
  });
  assert.notDeepEqual([readdirSync(folder), processesOf(folder)], [[], []]);
  // As a terminal does: to all of them.
  process.kill(-(demo.pid ?? 0), 'SIGINT');
  assert.deepEqual(await ended, [1, null]);
  assert.deepEqual([readdirSync(folder), processesOf(folder)], [[], []]);
});
