// Two devices whose clocks are a day apart: their names of the day differ, and so does what they think of a new leaf.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { startGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';
import { peerEnv, startStreams, streamsEnv } from '../kit/streams.js';
import { eventually } from '../kit/until.js';

const pki = createTestPki();
const { laptop, desktop } = pki.ada;
const DAY_MS = 24 * 3_600_000;
const WITHIN = { timeout: 60_000 };

if (isInsideNamespace(import.meta.url)) {
  ip('link set lo up');
  for (const [name, days] of [
    ['behind', -1],
    ['ahead', 1],
  ] as const) {
    test(
      `a device whose clock is a day ${name} is found and reached, and finds this one`,
      WITHIN,
      async (t) => {
        const other = await createOtherEnd();
        t.after(() => other.close());
        const executable = createFarExecutable(other, { clockAheadMs: days * DAY_MS });
        t.after(() => executable.remove());
        plugCable('near0', 'far0', other);
        t.after(() => ip('link del near0'));
        const env = peerEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: ['far0'] } } });
        const peer = await startGateway(env, { executable: executable.path });
        t.after(() => peer.stop());
        const streams = await startStreams(streamsEnv(pki, {}, {}, { listen: { on: ['near0'] } }));
        t.after(() => streams.stop());
        // Neither was told of the other: each had to dial a name of another day, and to judge the leaf.
        const seen = await streams.gateway.until(
          (event) => event.event === 'peer-seen' && event.deviceId === desktop.deviceId,
        );
        const farDay = new Date(Date.now() + days * DAY_MS);
        assert.equal('instance' in seen && seen.instance, instanceNameOf(desktop.deviceId, farDay));
        await peer.until((event) => event.event === 'peer-seen' && event.deviceId === laptop.deviceId);
        const reply = await eventually(async () => {
          const asked = await streams.ask('GET', `/peers/${desktop.deviceId}/`);
          return asked.status === 200 ? asked : null;
        });
        const { time } = reply.json() as { time: string };
        const hours = Math.round((Date.parse(time) - Date.now()) / 3_600_000);
        assert.equal(hours, days * 24);
      },
    );
  }
}
