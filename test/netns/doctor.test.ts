// `patchcord doctor` on a machine with a cable, with and without another mDNS responder.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Finding } from '../../dist/agent/doctor/finding.js';
import { createTestHome, linesOf, patchcord, startPatchcord, type TestHome } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { eventually } from '../kit/until.js';

const WITHIN = { timeout: 60_000 };
/** For how many probes an address is tentative, a second each. */
const DAD = '/proc/sys/net/ipv6/conf/near0/dad_transmits';

const findingsOf = async (home: TestHome, check: string): Promise<Finding[]> =>
  linesOf((await patchcord(home, ['doctor', '--json'])).stdout).filter(
    (line) => line['check'] === check,
  ) as unknown as Finding[];
const statesOf = async (home: TestHome): Promise<string[]> =>
  (await findingsOf(home, 'links')).map(({ state }) => state);

if (isInsideNamespace(import.meta.url)) {
  test(
    'a link that is not there, one whose address is tentative, and one that is well',
    WITHIN,
    async (t) => {
      ip('link set lo up');
      const home = createTestHome(t);
      home.writeConfig({ listen: { on: ['near0'] } });
      assert.deepEqual(await statesOf(home), ['attention']);
      const other = await createOtherEnd();
      t.after(() => other.close());
      ip(`link add near0 type veth peer name far0 netns ${other.pid}`);
      writeFileSync(DAD, '600');
      other.ip('link set far0 up');
      ip('link set near0 up');
      await eventually(() => (/ near0$/m.test(readFileSync('/proc/net/if_inet6', 'utf8')) ? true : null));
      const [tentative] = await findingsOf(home, 'links');
      assert.deepEqual([tentative?.state, tentative?.text.includes('near0')], ['attention', true]);
      ip('link del near0');
      plugCable('near0', 'far0', other);
      await eventually(async () => ((await statesOf(home)).join() === 'good' ? true : null));
    },
  );

  test('links are those of the running up; its own sockets are no other responder', WITHIN, async (t) => {
    const other = await createOtherEnd();
    t.after(() => other.close());
    plugCable('near0', 'far0', other);
    const home = createTestHome(t);
    // A cable made of software is passed over by default, and told.
    const [passedOver] = await findingsOf(home, 'links');
    assert.deepEqual([passedOver?.state, passedOver?.text.includes('near0')], ['attention', true]);
    const up = startPatchcord(home, ['up', '--json', '--listen', 'near0']);
    await up.untilLine((line) => line['event'] === 'ready');
    await eventually(async () => ((await statesOf(home)).join() === 'good' ? true : null));
    const [alone] = await findingsOf(home, 'mdns');
    const responder = createSocket({ type: 'udp6', reuseAddr: true }).bind(5353);
    t.after(() => responder.close());
    await once(responder, 'listening');
    const [beside] = await findingsOf(home, 'mdns');
    assert.notEqual(alone?.text, beside?.text);
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
    const [after] = await findingsOf(home, 'mdns');
    assert.equal(after?.text, beside?.text);
  });
}
