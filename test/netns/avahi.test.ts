// Beside a real avahi-daemon on the same link and port: each sees what the other announces.
import { after, before, test } from 'node:test';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { startAvahi, type Avahi } from '../kit/avahi.js';
import { createEnv } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { createTestPki, type TestLeaf } from '../kit/pki.js';
import { eventually } from '../kit/until.js';

const pki = createTestPki();
const { laptop, desktop, camera } = pki.ada;
const WITHIN = { timeout: 60_000 };
const SERVICE = '_patchcord._tcp';
const CAMERA_PORT = 4242;

function envOf({ certPem: cert, keyPem: key, deviceId }: TestLeaf, zone: string) {
  const discovery = { known: [desktop.deviceId, laptop.deviceId, camera.deviceId] };
  const env = createEnv({
    pki,
    couchUrl: 'http://127.0.0.1:9/',
    more: { listen: { on: [zone] }, discovery },
  });
  return { ...env, identity: { ...env.identity, deviceId, cert, key } };
}

if (isInsideNamespace(import.meta.url)) {
  let near: TestGateway;
  let far: TestGateway;
  let avahi: Avahi;
  /** In the order that they end; also where a later one did not start. */
  const ends: (() => unknown)[] = [];

  before(async () => {
    ip('link set lo up');
    const other = await createOtherEnd();
    ends.unshift(() => other.close());
    const executable = createFarExecutable(other);
    ends.unshift(() => executable.remove());
    plugCable('near0', 'far0', other);
    // Avahi is there first, as on a desktop.
    avahi = await startAvahi('near0');
    ends.unshift(() => avahi.close());
    near = await startGateway(envOf(laptop, 'near0'));
    ends.unshift(() => near.stop());
    far = await startGateway(envOf(desktop, 'far0'), { executable: executable.path });
    ends.unshift(() => far.stop());
  }, WITHIN);
  after(async () => {
    for (const end of ends) await end();
  });

  const portOf = async (gateway: TestGateway): Promise<number> => {
    const event = await gateway.until(({ event: name }) => name === 'listening');
    return event.event === 'listening' ? event.port : 0;
  };
  const isSeen = (gateway: TestGateway, deviceId: string, port: number) =>
    gateway.until(
      (event) => event.event === 'peer-seen' && event.deviceId === deviceId && event.port === port,
    );

  test("Avahi's own browser sees the gateway on its host and the one across the cable", WITHIN, async () => {
    for (const [gateway, { deviceId }] of [
      [near, laptop],
      [far, desktop],
    ] as const) {
      const name = instanceNameOf(deviceId, new Date());
      const port = await portOf(gateway);
      await eventually(async () => {
        const lines = await avahi.browse(SERVICE);
        const isIt = (line: string): boolean =>
          line.includes(`;${name};`) && line.includes(`;${port};`) && line.includes('v=1');
        return lines.find(isIt) ?? null;
      });
    }
  });

  test('the gateways see each other past it, and what it publishes', WITHIN, async () => {
    await isSeen(near, desktop.deviceId, await portOf(far));
    await isSeen(far, laptop.deviceId, await portOf(near));
    avahi.publish(instanceNameOf(camera.deviceId, new Date()), SERVICE, CAMERA_PORT, 'v=1');
    await isSeen(far, camera.deviceId, CAMERA_PORT);
  });
}
