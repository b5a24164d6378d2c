// A revocation that makes a new user, killed at any operation on the disk, leaves the old user or the new one, whole.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { patchcord, startUp } from '../../kit/agent.js';
import { killedAt, MAX_OPERATIONS } from '../../kit/killed.js';
import { createUserHomes, devicesOf, type TestMember } from '../../kit/user-homes.js';

test('a revocation that makes a new user, killed anywhere, leaves the device of the old or the new one', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'desktop', isHolder: true },
  ]);
  const [laptop, desktop] = user.members as [TestMember, TestMember];
  const when = join(laptop.home.scratch, 'when');
  writeFileSync(when, '');
  const args = ['revoke', desktop.deviceId, '--held-ca-key', '--yes', '--json'];
  let [number, told] = [0, await devicesOf(laptop.home)];
  while (told.userId === user.ca.userId) {
    number += 1;
    assert.ok(number < MAX_OPERATIONS, 'it never came to its end');
    await patchcord(laptop.home, args, { env: killedAt(number, when) });
    told = await devicesOf(laptop.home);
    assert.ok(told.devices.some(({ deviceId, isThis }) => isThis && deviceId === laptop.deviceId));
  }
  assert.ok(number > 3, 'it was never killed');
  assert.equal(told.caKey, 'plain');
  const up = await startUp(laptop.home);
  assert.equal(up.ready.identity.userId, told.userId);
});
