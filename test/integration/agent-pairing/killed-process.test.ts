// Real processes of a pairing, really killed (`kill -9`), and what the other side then does. Every single step is in
// `killed.test.ts`; here are a few of them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failureOf, patchcord, startUp } from '../../kit/agent.js';
import { killedAt, newHome } from '../../kit/killed.js';
import { agree, startOffer, startTaking, untilCompare, type Offered } from '../../kit/pairing-commands.js';
import { createUserHomes, devicesOf, type TestMember } from '../../kit/user-homes.js';

/** Of the joiner: at the beginning, before its record is there, and before its identity takes its place. */
const JOINER_STEPS = [1, 5, 12];
/** Of the offerer: before its statement is there. */
const OFFERER_STEP = 3;

test('a joiner and an offerer that are killed, and the same home joins in the end', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [laptop] = user.members as [TestMember];
  const whenOfferer = join(laptop.home.scratch, 'when');
  const up = await startUp(laptop.home, [], { env: killedAt(OFFERER_STEP, whenOfferer) });
  const camera = newHome(t, 'camera');
  assert.equal((await patchcord(camera, ['init'])).code, 0);
  const before = await devicesOf(camera);

  /** Both see the digits; then `doomed` is there, and both say yes. */
  async function joinDoomed(offered: Offered, doomed: string, env: NodeJS.ProcessEnv) {
    const joining = startTaking(camera, ['join'], offered, { env });
    await Promise.all([untilCompare(offered.command), untilCompare(joining)]);
    writeFileSync(doomed, '');
    offered.command.type('yes\n');
    joining.type('yes\n');
    return { pair: await offered.command.ended, join: await joining.ended };
  }

  for (const step of JOINER_STEPS) {
    const when = join(camera.scratch, `when-${step}`);
    const ended = await joinDoomed(await startOffer(laptop.home, ['pair']), when, killedAt(step, when));
    assert.equal(ended.join.code, null);
    assert.equal(failureOf(ended.pair), 'pair-unacknowledged');
    assert.ok([before.userId, user.ca.userId].includes((await devicesOf(camera)).userId));
  }

  const ended = await joinDoomed(await startOffer(laptop.home, ['pair']), whenOfferer, {});
  assert.equal((await up.ended).code, null);
  assert.equal(failureOf(ended.pair), 'not-up', JSON.stringify(ended.pair));

  const again = await startUp(laptop.home);
  const offered = await startOffer(laptop.home, ['pair']);
  const joining = startTaking(camera, ['join'], offered);
  await agree(offered.command, joining);
  assert.equal((await joining.ended).code, 0);
  assert.equal((await offered.command.ended).code, 0);
  assert.equal((await devicesOf(camera)).userId, user.ca.userId);
  assert.ok((await devicesOf(laptop.home)).devices.some(({ name }) => name === 'camera'));
  again.kill('SIGTERM');
  assert.equal((await again.ended).code, 0);
});
