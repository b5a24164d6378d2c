// A device that another one revoked is told by nobody. Its own `up`, `status` and `doctor` say what it looks like, and
// where to look: whoever revoked the wrong one would else look for a fault of the cable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askAgentIfUp } from '../../../dist/agent/rpc/ask-agent.js';
import { linesOf, patchcord, startPatchcord } from '../../kit/agent.js';
import { atLoopback } from '../../kit/streams.js';
import { createUserHomes, reach, type TestMember } from '../../kit/user-homes.js';

const WORDS = 'is there, but lets this device in no more: it may have revoked it, or ended the share';
const TODO = 'see `patchcord devices` there';

test('a device that was revoked says so of itself, as far as it can know', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }]);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const up = startPatchcord(laptop.home, ['up', '--listen', 'loopback']);
  await up.untilText('is up.');
  const port = (await askAgentIfUp(laptop.home.paths, 'status'))?.listeners[0]?.port ?? 0;
  camera.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [laptop.deviceId]: [atLoopback(port)] } },
  });
  const far = startPatchcord(camera.home, ['up', '--listen', 'loopback']);
  await far.untilText('is up.');
  await reach(camera.home, laptop.deviceId);
  const who = `"laptop" ${laptop.deviceId.slice(0, 8)}`;
  for (const command of ['status', 'doctor'])
    assert.ok(!(await patchcord(camera.home, [command])).stdout.includes('in no more'), command);

  assert.equal((await patchcord(laptop.home, ['revoke', 'camera', '--yes'])).code, 0);
  await far.untilText(`${who} ${WORDS}; ${TODO}`);
  const status = await patchcord(camera.home, ['status']);
  assert.ok(status.stdout.includes(`${who} ${WORDS}; ${TODO}`), status.stdout);
  const findings = linesOf((await patchcord(camera.home, ['doctor', '--json'])).stdout);
  const finding = findings.find(({ check }) => check === 'let-in');
  assert.equal(finding?.['state'], 'attention');
  assert.equal(finding['text'], `${who} ${WORDS}`);
  assert.ok(String(finding['todo']).startsWith(TODO));

  // The other one knows why, and tells it once, however often the camera comes.
  const refused = up
    .stdout()
    .split('\n')
    .filter((line) => line.includes('refused'));
  const [line = ''] = refused;
  assert.ok(line.endsWith(`refused "camera" ${camera.deviceId.slice(0, 8)} at ::1: it is revoked`), line);
  assert.equal(refused.length, 1);
});
