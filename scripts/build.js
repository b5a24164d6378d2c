// Builds dist/: first Skein to WebAssembly (only when its source changed), then the TypeScript, then one file of each program.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const run = (file, ...args) => execFileSync(process.execPath, [file, ...args], { stdio: 'inherit' });

if (existsSync('scripts/build-skein.js')) run('scripts/build-skein.js');
run('node_modules/typescript/bin/tsc', '-b');
run('scripts/bundle.js');
