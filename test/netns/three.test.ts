// Three devices of one user on a switch, none of which knows another's id beforehand; and one of them is lost later.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { isEvent, startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugSwitch } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';
import { peerEnv, startStreams, streamsEnv, type StreamsClient } from '../kit/streams.js';
import { eventually } from '../kit/until.js';

const pki = createTestPki();
const { laptop, desktop, camera } = pki.ada;
const COUCH = 'http://127.0.0.1:9/';
const WITHIN = { timeout: 60_000 };

interface SeenPeer {
  readonly deviceId: string | null;
  readonly instance: string;
  readonly standing: string;
}

if (isInsideNamespace(import.meta.url)) {
  const ends: (() => unknown)[] = [];
  let laptopStreams: StreamsClient;
  let desktopGateway: TestGateway;
  let cameraGateway: TestGateway;

  const startFar = async (
    leaf: typeof desktop,
    zone: string,
    end: Awaited<ReturnType<typeof createOtherEnd>>,
  ) => {
    const executable = createFarExecutable(end);
    ends.unshift(() => executable.remove());
    const more = { listen: { on: [zone] } };
    const gateway = await startGateway(peerEnv({ pki, couchUrl: COUCH, leaf, more }), {
      executable: executable.path,
    });
    ends.unshift(() => gateway.stop());
    return gateway;
  };
  const seenBy = async (gateway: TestGateway): Promise<readonly SeenPeer[]> =>
    ((await gateway.call('status')) as { discovery: { peers: SeenPeer[] } }).discovery.peers;
  const untilKnows = (gateway: TestGateway, ids: readonly string[]): Promise<true> =>
    eventually(async () => {
      const known = (await seenBy(gateway)).map(({ deviceId }) => deviceId);
      return ids.every((id) => known.includes(id)) ? true : null;
    });
  const idOf = async (device: string): Promise<number> =>
    (await laptopStreams.ask('GET', `/peers/${device}/`)).status;

  before(async () => {
    ip('link set lo up');
    const [second, third] = [await createOtherEnd(), await createOtherEnd()];
    ends.unshift(
      () => second.close(),
      () => third.close(),
    );
    plugSwitch([
      ['near0', null],
      ['second0', second],
      ['third0', third],
    ]);
    desktopGateway = await startFar(desktop, 'second0', second);
    cameraGateway = await startFar(camera, 'third0', third);
    laptopStreams = await startStreams(streamsEnv(pki, {}, {}, { listen: { on: ['near0'] } }));
    ends.unshift(() => laptopStreams.stop());
  }, WITHIN);
  after(async () => {
    for (const end of ends) await end();
  });

  describe('three devices on one link', () => {
    test('each comes to know the two others', WITHIN, async () => {
      await untilKnows(laptopStreams.gateway, [desktop.deviceId, camera.deviceId]);
      await untilKnows(desktopGateway, [laptop.deviceId, camera.deviceId]);
      await untilKnows(cameraGateway, [laptop.deviceId, desktop.deviceId]);
    });

    test('both others are reached', WITHIN, async () => {
      assert.deepEqual([await idOf(desktop.deviceId), await idOf(camera.deviceId)], [200, 200]);
    });

    test(
      'one that is revoked is seen, and neither dialled nor let in; the other one is',
      WITHIN,
      async () => {
        const { cas } = streamsEnv(pki, {}).trust;
        const time = pki.now.toISOString();
        const payload = {
          type: 'revocation',
          userId: pki.ada.ca.userId,
          time,
          deviceId: camera.deviceId,
        } as const;
        const revocations = [signStatement(payload, pki.ada.ca)];
        await laptopStreams.gateway.call('reload', { trust: { cas, revocations } });
        // What it does not know of yet, it learns from the laptop, before anything else is asked.
        assert.deepEqual([await idOf(camera.deviceId), await idOf(desktop.deviceId)], [404, 200]);
        const seen = await seenBy(laptopStreams.gateway);
        assert.equal(seen.find(({ deviceId }) => deviceId === camera.deviceId)?.standing, 'revoked');

        // Started anew, it knows nobody: the revoked one is no unknown name to be dialled.
        const before = cameraGateway.seen.filter(isEvent('denied')).length;
        const env = streamsEnv(pki, {}, {}, { listen: { on: ['near0'] }, trust: { cas, revocations } });
        await laptopStreams.stop();
        laptopStreams = await startStreams(env);
        await untilKnows(laptopStreams.gateway, [desktop.deviceId]);
        const name = instanceNameOf(camera.deviceId, new Date());
        const lost = await eventually(
          async () => (await seenBy(laptopStreams.gateway)).find(({ instance }) => instance === name) ?? null,
        );
        assert.deepEqual([lost.deviceId, lost.standing], [camera.deviceId, 'revoked']);
        assert.equal(await idOf(desktop.deviceId), 200);
        assert.equal(cameraGateway.seen.filter(isEvent('denied')).length, before);
      },
    );
  });
}
