// An offerer that is killed at any operation on the disk knows the device or does not, and the two can pair again.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failureOf, startUp } from '../../kit/agent.js';
import { killedAt, MAX_OPERATIONS, newHome } from '../../kit/killed.js';
import { agree, startOffer, startTaking, untilCompare } from '../../kit/pairing-commands.js';
import { createUserHomes, devicesOf, type TestMember } from '../../kit/user-homes.js';

test('an offerer that is killed knows the device or does not, and can be asked again', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [laptop] = user.members as [TestMember];
  let done = false;
  let kills = 0;
  for (let number = 1; !done; number += 1) {
    assert.ok(number < MAX_OPERATIONS, 'it never came to its end');
    const camera = newHome(t, `camera ${number}`);
    const when = join(laptop.home.scratch, `when-${number}`);
    const up = await startUp(laptop.home, [], { env: killedAt(number, when) });
    const offered = await startOffer(laptop.home, ['pair']);
    const joining = startTaking(camera, ['join'], offered);
    await Promise.all([untilCompare(offered.command), untilCompare(joining)]);
    writeFileSync(when, '');
    offered.command.type('yes\n');
    joining.type('yes\n');
    const [pair, { code }] = [await offered.command.ended, await joining.ended];
    done = pair.code === 0;
    if (!done) {
      kills += 1;
      assert.equal((await up.ended).code, null);
      assert.equal(failureOf(pair), 'not-up', JSON.stringify(pair));
      assert.ok(code === 0 || !existsSync(camera.paths.identity));
    } else up.kill('SIGKILL');
    await up.ended;
    const known = (await devicesOf(laptop.home)).devices.map(({ name }) => name);
    // Who has a leaf is known: the statement was stored before the leaf was handed over.
    if (code === 0) assert.ok(known.includes(`camera ${number}`));
  }
  assert.ok(kills > 0, 'it was never killed');
  const again = await startUp(laptop.home);
  const camera = newHome(t, 'camera at last');
  const offered = await startOffer(laptop.home, ['pair']);
  const joining = startTaking(camera, ['join'], offered);
  await agree(offered.command, joining);
  assert.equal((await joining.ended).code, 0);
  again.kill('SIGTERM');
  assert.equal((await again.ended).code, 0);
});
