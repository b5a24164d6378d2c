// A device that was revoked, on a cable: who it sees there is told as one that lets it in no more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEvent, patchcord } from '../kit/agent.js';
import { isInsideNamespace } from '../kit/netns.js';
import { soon, startTwoDevices, untilCurrent } from '../kit/two-devices.js';

const WITHIN = { timeout: 120_000 };

if (isInsideNamespace(import.meta.url)) {
  test('`patchcord peers` says so of the one that revoked it', WITHIN, async (t) => {
    const { near, far } = await startTwoDevices(t);
    await untilCurrent(near, far);
    assert.equal((await patchcord(near.home, ['revoke', far.deviceId, '--yes'])).code, 0);
    const told = await far.up.untilLine(isEvent('peer-turns-away'));
    assert.equal(told['deviceId'], near.deviceId);
    const line = await soon(async () => {
      const lines = (await patchcord(far.home, ['peers'])).stdout.split('\n');
      return lines.find((one) => one.includes('lets this device in no more')) ?? null;
    });
    assert.ok(line.includes(`${near.deviceId.slice(0, 8)} at fe80::`), line);
    assert.ok(line.includes('`patchcord devices` there'), line);
  });
}
