// The wall on the gateway's side, on the built files: what it loads, and all that its packages load, can make no
// certificate, start no process, resolve no name and write no file. Each breach is planted once, and found.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { breachesOf } from '../../kit/gateway-wall.js';
import { readImportGraph } from '../../kit/import-graph.js';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const GATEWAY = pathOf('dist/gateway/main.js');

describe('the gateway', () => {
  test('loads nothing that is not its own', () => {
    assert.deepEqual(breachesOf(GATEWAY), []);
  });

  test('nor does the one file that is made of it, and that runs', () => {
    // A part of it is known by its path, and there is none any more: what it could load of Node is all there is to see.
    const breaches = breachesOf(pathOf('dist/gateway/bundle.cjs'));
    assert.deepEqual(
      breaches.filter((text) => /^(builtin|lost|module) /.test(text) && !text.endsWith(': ./leaf-worker.js')),
      [],
    );
  });

  test('its graph is the whole of it: packages, and the script of its threads', () => {
    const files = [...readImportGraph(GATEWAY).modules.keys()].join('\n');
    for (const part of ['dist/adapters/files/leaf-worker.js', '/koa/', '/undici/', '/multicast-dns/'])
      assert.ok(files.includes(part), part);
  });
});

describe('a breach is found', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-wall-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const PLANTED: Record<string, { code: string; kind: string }> = {
    'child processes': { code: "import { spawn } from 'node:child_process';", kind: 'builtin' },
    'names resolved': { code: "import { lookup } from 'dns';", kind: 'builtin' },
    'a require of an old kind': { code: "import './old.cjs';", kind: 'builtin' },
    'the client of the administrator': {
      code: `import '${pathOf('node_modules/nano/lib/nano.js')}';`,
      kind: 'module',
    },
    'certificate making': { code: `import '${pathOf('dist/adapters/pki/user-ca.js')}';`, kind: 'module' },
    'the writer of a store': {
      code: `export * from '${pathOf('dist/adapters/files/store-writer.js')}';`,
      kind: 'module',
    },
    'the agent': { code: `await import('${pathOf('dist/agent/main.js')}');`, kind: 'module' },
    'a script of a thread': { code: "new Worker(new URL('./thread.js', import.meta.url));", kind: 'builtin' },
    'a function that writes': { code: "import { writeFile } from 'node:fs/promises';", kind: 'fs' },
    'all of fs': { code: "import * as fs from 'node:fs';", kind: 'fs' },
    'all of fs, loaded late': { code: "await import('node:fs');", kind: 'fs' },
    'a flag that writes': { code: 'constants.O_CREAT;', kind: 'flag' },
    'a file opened to be written': {
      code: "import { open } from 'node:fs/promises'; await open('x', 'w');",
      kind: 'flag',
    },
    'a name made while running': { code: 'await import(name);', kind: 'lost' },
    'a way around imports': { code: "process.getBuiltinModule('fs');", kind: 'trick' },
    'a report that is written': { code: 'process.report.writeReport();', kind: 'trick' },
  };
  writeFileSync(join(folder, 'old.cjs'), "const { exec } = require('child_process');");
  writeFileSync(join(folder, 'thread.js'), "import 'node:dns/promises';");

  for (const [name, { code, kind }] of Object.entries(PLANTED)) {
    test(name, () => {
      const entry = join(folder, 'entry.js');
      writeFileSync(entry, `${code}\n`);
      const kinds = breachesOf(entry).map((breach) => breach.split(' ')[0]);
      assert.ok(kinds.includes(kind), kinds.join());
    });
  }
});
