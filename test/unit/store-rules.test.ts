// Which stores the profiles' tunables allow, as `doctor` reads them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isStoreAllowed } from '../../dist/agent/doctor/store-rules.js';

const SHIPPED = readFileSync(new URL('../../apparmor/tunables/patchcord', import.meta.url), 'utf8');

for (const path of [
  '/home/ada/.local/share/patchcord/store',
  '/root/.local/share/patchcord/store',
  '/media/ada/disk-1',
  '/run/media/ada/disk 1',
  '/mnt',
  '/srv/films',
])
  test(`${path} is allowed as it comes`, () => assert.ok(isStoreAllowed([SHIPPED], path)));

for (const path of [
  '/data/archive',
  '/home/ada/films',
  '/srv/films/old',
  '/media/ada/disk-1/below',
  '/srvx/films',
])
  test(`${path} is not`, () => assert.ok(!isStoreAllowed([SHIPPED], path)));

test('what a user adds is allowed, and nothing beside it', () => {
  const added = '# mine\n@{patchcord_stores}+=/data/archive /raid/** "/data/old films"\n';
  assert.ok(isStoreAllowed([SHIPPED, added], '/data/archive'));
  assert.ok(isStoreAllowed([SHIPPED, added], '/raid/a/b'));
  assert.ok(isStoreAllowed([SHIPPED, added], '/data/old films'));
  assert.ok(isStoreAllowed([SHIPPED, added], '/mnt'));
  assert.ok(!isStoreAllowed([SHIPPED, added], '/data/archives'));
});

test('an assignment takes the place of what was before it', () =>
  assert.ok(!isStoreAllowed([SHIPPED, '@{patchcord_stores}=/data'], '/mnt')));

test('a variable that nobody here knows is left to the kernel', () =>
  assert.ok(isStoreAllowed(['@{patchcord_stores}=@{elsewhere}/x'], '/data')));

test('where nothing is set, nothing is allowed', () => assert.ok(!isStoreAllowed([], '/mnt')));
