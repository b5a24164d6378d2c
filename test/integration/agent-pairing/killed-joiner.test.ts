// A joiner that is killed at any operation on the disk is afterwards what it was or what it was to become, whole.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { patchcord, startUp } from '../../kit/agent.js';
import { killedAt, MAX_OPERATIONS, newHome } from '../../kit/killed.js';
import { startOffer, startTaking, untilCompare } from '../../kit/pairing-commands.js';
import { createUserHomes, devicesOf, type TestMember } from '../../kit/user-homes.js';

test('a joiner that is killed has nothing, or is whole', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [laptop] = user.members as [TestMember];
  const up = await startUp(laptop.home);
  const own = newHome(t, 'camera');
  assert.equal((await patchcord(own, ['init'])).code, 0);
  const before = await devicesOf(own);
  const outcomes = new Set<string>();
  let done = false;
  for (let number = 1; !done; number += 1) {
    assert.ok(number < MAX_OPERATIONS, 'it never came to its end');
    const when = join(own.scratch, `when-${number}`);
    const offered = await startOffer(laptop.home, ['pair']);
    const joining = startTaking(own, ['join'], offered, { env: killedAt(number, when) });
    await Promise.all([untilCompare(offered.command), untilCompare(joining)]);
    writeFileSync(when, '');
    offered.command.type('yes\n');
    joining.type('yes\n');
    const { code } = await joining.ended;
    await offered.command.ended;
    done = code === 0;
    const { userId } = await devicesOf(own);
    outcomes.add(userId);
    assert.ok(userId === before.userId || userId === user.ca.userId);
    // Once it is the new one, it stays that.
    if (outcomes.size === 2) break;
  }
  assert.deepEqual([...outcomes].sort(), [before.userId, user.ca.userId].sort());
  assert.equal((await startUp(own)).ready.identity.userId, user.ca.userId);
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
});
