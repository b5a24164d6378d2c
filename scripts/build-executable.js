// Builds the gateway as one file with everything in it, Node included: an executable of its own path, to which the
// AppArmor profile attaches by that path. Node's single executable application format; see docs/confinement.md.
//   node scripts/build-executable.js [path]      build/patchcord-gateway-confined
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';
import { LEFT_OUT } from './left-out.js';

const REPO = fileURLToPath(new URL('..', import.meta.url));
const output = resolve(process.argv[2] ?? join(REPO, 'build/patchcord-gateway-confined'));

/** Where Node looks for the program (https://nodejs.org/api/single-executable-applications.html). */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const bundle = async (options) => {
  const { outputFiles } = await build({
    bundle: true,
    platform: 'node',
    target: 'node20',
    write: false,
    absWorkingDir: REPO,
    logLevel: 'warning',
    ...options,
  });
  return outputFiles[0].text;
};

/** In one file there are no others beside it: what the gateway would read there is put in its place. */
const inPlaceOf = (filter, from, to) => ({
  name: `in place of ${from}`,
  setup: ({ onLoad }) =>
    onLoad({ filter }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (text.split(from).length !== 2) throw new Error(`${path} has not exactly one ${from}`);
      return { contents: text.replace(from, () => to), loader: 'js' };
    }),
});

async function bundleGateway() {
  const worker = await bundle({ entryPoints: ['dist/adapters/files/leaf-worker.js'], format: 'esm' });
  const { version } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8'));
  return bundle({
    stdin: {
      contents: "import { main } from './dist/gateway/main.js';\nvoid main();\n",
      resolveDir: REPO,
    },
    format: 'cjs',
    plugins: [
      ...LEFT_OUT,
      inPlaceOf(
        /\/files\/leaf-threads\.js$/,
        "new URL('./leaf-worker.js', import.meta.url)",
        `new URL('data:text/javascript;base64,${Buffer.from(worker).toString('base64')}')`,
      ),
      inPlaceOf(
        /\/gateway\/main\.js$/,
        "readFileSync(new URL('../../package.json', import.meta.url), 'utf8')",
        `'${JSON.stringify({ version })}'`,
      ),
    ],
  });
}

const scratch = mkdtempSync(join(tmpdir(), 'patchcord-executable-'));
try {
  const [main, blob, config] = ['main.cjs', 'blob', 'config.json'].map((name) => join(scratch, name));
  writeFileSync(main, await bundleGateway());
  writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  execFileSync(process.execPath, ['--experimental-sea-config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(dirname(output), { recursive: true });
  copyFileSync(process.execPath, output);
  await inject(output, RESOURCE, readFileSync(blob), { sentinelFuse: FUSE });
  chmodSync(output, 0o755);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(output);
