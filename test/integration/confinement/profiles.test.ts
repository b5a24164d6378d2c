// The profiles as AppArmor's own parser reads them, and the units as systemd scores them. What they do is shown on a
// kernel that enforces them: `npm run test:confinement`.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readImportGraph } from '../../kit/import-graph.js';

const REPO = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(REPO, 'apparmor/');
const FEATURES = '/etc/apparmor.d/abi/3.0';
const MAX_EXPOSURE = 2.0;
const PROFILES = ['patchcord-gateway', 'patchcord-agent'] as const;

/** Parses, and loads nothing: any user may. */
const parse = (file: string): number | null =>
  spawnSync(
    'apparmor_parser',
    [
      '--skip-kernel-load',
      '--skip-read-cache',
      '--skip-cache',
      '--kernel-features',
      FEATURES,
      '-I',
      FOLDER,
      file,
    ],
    { env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } },
  ).status;

describe('the profiles', () => {
  let scratch: string;
  before(() => (scratch = mkdtempSync(join(tmpdir(), 'patchcord-profiles-'))));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const name of PROFILES) {
    test(`${name} is one, and with a word misspelt it is none`, () => {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      assert.equal(parse(join(FOLDER, name)), 0);
      writeFileSync(join(scratch, name), text.replace('network inet stream,', 'network inet steam,'));
      assert.equal(parse(join(scratch, name)), 1);
    });

    test(`${name} tells of every rule which feature needs it`, () => {
      const groups = readFileSync(join(FOLDER, name), 'utf8')
        .replace(/^[^]*?\{$/m, '')
        .split(/\n\s*\n/)
        .filter((group) => /[,}]$/m.test(group));
      for (const group of groups) if (group.trim() !== '}') assert.match(group, /^\s*#/, group);
    });
  }
});

test('the gateway’s profile lets it read what it loads, and no other folder of the program', () => {
  const { modules } = readImportGraph(`${REPO}/dist/gateway/main.js`, { withPackages: false });
  const loaded = [...modules.keys()].flatMap((file) => /\/dist\/adapters\/([^/]+)\//.exec(file)?.[1] ?? []);
  const [, listed = ''] =
    /dist\/adapters\/\{([a-z,-]+)\}/.exec(readFileSync(join(FOLDER, PROFILES[0]), 'utf8')) ?? [];
  assert.deepEqual(listed.split(','), [...new Set(loaded)].sort());
});

describe('the units', () => {
  let scratch: string;
  before(() => (scratch = mkdtempSync(join(tmpdir(), 'patchcord-units-'))));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  /** As `systemd-analyze security` tells it: 0 is shut, 10 is wide open. */
  function exposureOf(unit: string): number {
    const told = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(/exposure level for \S+: ([\d.]+)/.exec(told)?.[1]);
  }

  for (const name of ['patchcord.service', 'patchcord-gateway@.service'])
    test(`${name} leaves 2.0 of 10 at most`, () => {
      const unit = join(scratch, name);
      copyFileSync(join(FOLDER, 'systemd', name), unit);
      assert.ok(exposureOf(unit) <= MAX_EXPOSURE);
      writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
      assert.ok(exposureOf(unit) > MAX_EXPOSURE);
    });
});
