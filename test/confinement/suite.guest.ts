// Everything that is shown on the kernel that enforces, in one process: to start another takes seconds there. First what
// is permitted, after which the kernel's log has to be empty; then what is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { addressFilter } from './address-filter.js';
import { denials } from './denials.js';
import { executable } from './executable.js';
import { openFarEnd, type FarEnd } from './far-end.js';
import { clearDenials, readDenials } from './kernel-log.js';
import { launching } from './launching.js';
import { mainJob } from './main-job.js';
import { units } from './units.js';

describe('the main job', { concurrency: 2 }, () => {
  let farEnd: Promise<FarEnd>;
  before(() => {
    clearDenials();
    farEnd = openFarEnd();
  });
  after(async () => (await farEnd).close());
  units(() => farEnd);
  mainJob(() => farEnd);
});

test('both profiles are enforced, and denied nothing', () => {
  assert.deepEqual(readDenials(), []);
  const loaded = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8');
  for (const name of ['patchcord-gateway', 'patchcord-agent'])
    assert.ok(loaded.includes(`${name} (enforce)`), loaded);
});

addressFilter();
executable();
launching();
denials();
