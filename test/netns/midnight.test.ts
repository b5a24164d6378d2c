// The name of the day turns: the clock of one side is the test's, the other side is a real gateway.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { parseEnv } from '../../dist/core/env/env.js';
import { createSeen, type Seen } from '../../dist/gateway/seen/seen.js';
import { createEnv } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';

const pki = createTestPki();
const { laptop, desktop } = pki.ada;
const WITHIN = { timeout: 60_000 };
const DAY_MS = 24 * 3_600_000;
const PORT = 4242;

if (isInsideNamespace(import.meta.url)) {
  let far: TestGateway;
  let near: Seen;
  /** This side's clock, as far as it is off. */
  let offMs = 0;
  const now = (): Date => new Date(Date.now() + offMs);
  const ends: (() => unknown)[] = [];

  before(async () => {
    ip('link set lo up');
    const other = await createOtherEnd();
    ends.unshift(() => other.close());
    const executable = createFarExecutable(other);
    ends.unshift(() => executable.remove());
    plugCable('near0', 'far0', other);
    const raw = createEnv({
      pki,
      couchUrl: 'http://127.0.0.1:9/',
      more: { listen: { on: ['far0'] }, discovery: { known: [laptop.deviceId] } },
    });
    const { certPem: cert, keyPem: key, deviceId } = desktop;
    const identity = { ...raw.identity, deviceId, cert, key };
    far = await startGateway({ ...raw, identity }, { executable: executable.path });
    ends.unshift(() => far.stop());
    const parsed = parseEnv(
      createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: ['near0'] } } }),
    );
    assert.ok('env' in parsed);
    near = createSeen({
      env: () => parsed.env,
      now,
      listeners: () => [{ address: 'fe80::1', zone: 'near0', port: PORT }],
      emit: () => undefined,
      warn: () => undefined,
    });
    ends.unshift(() => near.stop());
  }, WITHIN);
  after(async () => {
    for (const end of ends) await end();
  });

  const untilTold = (event: 'peer-seen' | 'peer-lost', day: Date) => {
    const instance = instanceNameOf(laptop.deviceId, day);
    return far.until(
      (each) => each.event === event && each.deviceId === laptop.deviceId && each.instance === instance,
    );
  };

  test('at midnight the old name is taken back and the new one announced', WITHIN, async () => {
    const today = now();
    await untilTold('peer-seen', today);
    offMs = DAY_MS;
    await untilTold('peer-seen', now());
    await untilTold('peer-lost', today);
  });

  test('a clock that is a day off hides nobody; one that is two days off does', WITHIN, async () => {
    // `far` still has today, and knew the name of tomorrow.
    const { peers } = (await far
      .call('status')
      .then((status) => (status as { discovery: unknown }).discovery)) as {
      peers: { deviceId: string | null }[];
    };
    assert.deepEqual(
      peers.map(({ deviceId }) => deviceId),
      [laptop.deviceId],
    );
    offMs = 2 * DAY_MS;
    const instance = instanceNameOf(laptop.deviceId, now());
    await far.until(
      (event) => event.event === 'peer-seen' && event.instance === instance && event.deviceId === null,
    );
  });
}
