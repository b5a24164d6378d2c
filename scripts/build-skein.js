// Compiles Skein-512 (src/core/skein/assembly) to WebAssembly and writes it as base64 into a module, because core
// reads no file. Does nothing when that module is newer than all it is made from.
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { threefishSource } from './threefish.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const FOLDER = 'src/core/skein/assembly';
const ENTRY = `${FOLDER}/skein.ts`;
const ROUNDS = `${FOLDER}/threefish.generated.ts`;
const OUTPUT = 'src/core/skein/wasm.generated.ts';
const SOURCES = [ENTRY, 'scripts/threefish.js', 'scripts/build-skein.js'];
const OPTIONS =
  '-O3 --noAssert --runtime stub --use abort= --initialMemory 5 --maximumMemory 5 --enable simd';

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  writeFileSync(ROUNDS, threefishSource());
  let wasm;
  const writeFile = (_name, contents) => {
    wasm = contents;
  };
  const { error, stderr } = await asc.main([ENTRY, '--outFile', 'skein.wasm', ...OPTIONS.split(' ')], {
    writeFile,
  });
  if (error) throw new Error(`Skein does not compile:\n${stderr.toString()}`);
  return wasm;
}

if (SOURCES.some((source) => modified(source) >= modified(OUTPUT))) {
  const base64 = Buffer.from(await compile()).toString('base64');
  // Renamed into place, so that two builds at once never read half a module.
  const unfinished = `${OUTPUT}.${process.pid}`;
  writeFileSync(unfinished, `export const SKEIN_WASM_BASE64 =\n  '${base64}';\n`);
  renameSync(unfinished, OUTPUT);
}
