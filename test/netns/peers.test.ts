// `patchcord peers`, beside a device across a cable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { createTestHome, failureOf, isEvent, linesOf, patchcord, startPatchcord } from '../kit/agent.js';
import { createEnv } from '../kit/env.js';
import { startGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';

const pki = createTestPki();
const { laptop } = pki.ada;
const WITHIN = { timeout: 60_000 };

if (isInsideNamespace(import.meta.url)) {
  test('peers tells who is on the cable, and with --watch who comes', WITHIN, async (t) => {
    ip('link set lo up');
    const other = await createOtherEnd();
    t.after(() => other.close());
    const executable = createFarExecutable(other);
    t.after(() => executable.remove());
    plugCable('near0', 'far0', other);
    const home = createTestHome(t);
    assert.equal(failureOf(await patchcord(home, ['peers', '--json'])), 'not-up');
    const up = startPatchcord(home, ['up', '--json', '--listen', 'near0']);
    // A link that is up by then is told with `ready`, one that is still tentative after it.
    await up.untilLine(
      (line) => isEvent('listening')(line) || (line['listeners'] as unknown[] | undefined)?.length === 1,
    );

    const watch = startPatchcord(home, ['peers', '--watch', '--json']);
    const more = { listen: { on: ['far0'] } };
    const far = await startGateway(createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more }), {
      executable: executable.path,
    });
    t.after(() => far.stop());
    const instance = instanceNameOf(laptop.deviceId, new Date());
    await watch.untilLine(({ peers }) => JSON.stringify(peers).includes(`"instance":"${instance}"`));
    watch.kill('SIGINT');
    assert.equal((await watch.ended).code, 0);

    const { code, stdout } = await patchcord(home, ['peers', '--json']);
    assert.equal(code, 0);
    const [{ peers }] = linesOf(stdout) as unknown as [
      { peers: { deviceId: string | null; zone: string }[] },
    ];
    assert.deepEqual(
      peers.map(({ deviceId, zone }) => [deviceId, zone]),
      [[null, 'near0']],
    );
    assert.ok((await patchcord(home, ['peers'])).stdout.includes(instance));
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  });
}
