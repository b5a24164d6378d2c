// The package as it is published: what `npm pack` takes is enough to run.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestHome } from '../kit/agent.js';
import { ROOT } from './docs/markdown.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface Started {
  readonly script: { readonly cachedDataRejected?: boolean };
}

test('runs from the files that are in it, without its optional and development dependencies', (t) => {
  const { scratch, env } = createTestHome(t);
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch];
  execFileSync('npm', pack, { cwd: ROOT, env: { ...process.env, npm_config_cache: join(scratch, 'cache') } });
  const [archive = ''] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', archive], { cwd: scratch });
  const folder = join(scratch, 'package');
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  assert.ok(!existsSync(join(folder, 'src')) && !existsSync(join(folder, 'test')));
  for (const name of ['preinstall', 'install', 'postinstall'])
    assert.equal(manifest.scripts[name], undefined);
  for (const name of ['patchcord', 'patchcord-gateway'])
    assert.notEqual(statSync(join(folder, 'bin', name)).mode & 0o111, 0);

  mkdirSync(join(scratch, 'node_modules'));
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(join(scratch, 'node_modules', name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(scratch, 'node_modules', name));
  }
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, 'bin/patchcord'), ...args], { env, encoding: 'utf8' });
  assert.equal(run('init', '--json').status, 0);
  // It loads, and misses its env.
  const gateway = spawnSync(join(folder, 'bin/patchcord-gateway'), [], { input: '' });
  assert.equal(gateway.status, 78);
  // There is a real CouchDB to be named, and no embedded one here.
  const up = run('up', '--json', '--listen', 'loopback');
  assert.deepEqual([up.status, /"code":"([^"]+)"/.exec(up.stdout)?.[1]], [69, 'embedded-packages-missing']);
});

for (const name of ['gateway', 'agent']) {
  test(`V8 takes the code that was made of the ${name} when it was built`, () => {
    const { script } = createRequire(import.meta.url)(join(ROOT, 'dist', name, 'start.cjs')) as Started;
    assert.equal(script.cachedDataRejected, false);
  });
}
