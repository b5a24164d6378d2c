// Makes one file each of the gateway and of the agent's commands, as they are in dist/, with their packages: a process
// that reads two files is there in less than half the time of one that reads five hundred. With it goes what V8 made of
// that file in a run of the program: see start-bundle.cjs.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LEFT_OUT } from './left-out.js';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const WARM = fileURLToPath(new URL('warm-bundle.js', import.meta.url));

/** A module finds what lies beside it where it lay before it was bundled. */
const placesKept = (folder) => ({
  name: 'places kept',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      const place = JSON.stringify(relative(folder, path));
      const url = `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${place})).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url), loader: 'js' };
    }),
});

for (const name of ['gateway', 'agent']) {
  const entry = join(DIST, name, 'main.js');
  const folder = dirname(entry);
  await build({
    entryPoints: [entry],
    outfile: join(folder, 'bundle.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // As start-bundle.cjs calls it; without white space it takes a third less of memory, for as long as it runs.
    banner: { js: '(function (exports, require, module, __dirname) {' },
    footer: { js: '})' },
    minifyWhitespace: true,
    external: ['pouchdb', 'pouchdb-*', 'express', 'express-pouchdb'],
    logLevel: 'warning',
    plugins: [...LEFT_OUT, placesKept(folder)],
  });
  copyFileSync(new URL('start-bundle.cjs', import.meta.url), join(folder, 'start.cjs'));
  rmSync(join(folder, 'bundle.cache'), { force: true });
  // Without it the program starts as well, only later.
  spawnSync(process.execPath, [WARM, name], { stdio: 'ignore', timeout: 20_000, env: {} });
}
