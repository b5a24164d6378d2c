// Discovery between two devices that have nothing but a cable, and a stranger on it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { recordsOf } from '../../dist/core/discovery/records.js';
import type { TimedEvent } from '../../dist/index.js';
import { createEnv } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable, type FarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { createTestPki, type TestLeaf } from '../kit/pki.js';
import { eventually } from '../kit/until.js';

const STRANGER = fileURLToPath(new URL('../kit/netns-mdns.js', import.meta.url));
const pki = createTestPki();
const { laptop, desktop, camera } = pki.ada;
/** Less than the TTL: what is lost in this time was taken back, and did not run out. */
const WITHIN = { timeout: 60_000 };

type Seen = Extract<TimedEvent, { event: 'peer-seen' }>;
type Lost = Extract<TimedEvent, { event: 'peer-lost' }>;
interface Status {
  readonly discovery: {
    readonly instance: string;
    readonly links: { zone: string; open: boolean }[];
    readonly peers: { deviceId: string | null; instance: string; address: string }[];
    readonly refused: number;
    readonly conflicts: number;
    readonly malformed: number;
  };
}

function envOf(leaf: TestLeaf, zones: string[], more: Record<string, unknown> = {}) {
  const env = createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: zones }, ...more } });
  const { certPem: cert, keyPem: key, deviceId } = leaf;
  return { ...env, identity: { ...env.identity, deviceId, cert, key } };
}

if (isInsideNamespace(import.meta.url)) {
  let other: OtherEnd;
  let executable: FarExecutable;
  let near: TestGateway;
  let far: TestGateway;

  const startFar = (leaf = desktop): Promise<TestGateway> =>
    startGateway(envOf(leaf, ['far0', 'far1']), { executable: executable.path });
  const seen = (gateway: TestGateway, deviceId: string | null, zone: string): Seen[] =>
    gateway.seen.filter(
      (event): event is Seen =>
        event.event === 'peer-seen' && event.deviceId === deviceId && event.zone === zone,
    );
  const lost = (gateway: TestGateway, deviceId: string | null, zone: string): Lost[] =>
    gateway.seen.filter(
      (event): event is Lost =>
        event.event === 'peer-lost' && event.deviceId === deviceId && event.zone === zone,
    );
  const untilSeen = async (gateway: TestGateway, deviceId: string | null, zone: string, nth = 1) => {
    await gateway.until(() => seen(gateway, deviceId, zone).length >= nth);
    return seen(gateway, deviceId, zone)[nth - 1] as Seen;
  };
  /** Known by then or not: at the address that it has now. */
  const untilFarSees = (zone: string, nearZone: string): Promise<TimedEvent> =>
    far.until(
      (event) =>
        event.event === 'peer-seen' && event.zone === zone && event.address === addressOf(near, nearZone),
    );
  const untilLost = (gateway: TestGateway, deviceId: string | null, zone: string, nth = 1) =>
    gateway.until(() => lost(gateway, deviceId, zone).length >= nth);
  const statusOf = async (gateway: TestGateway): Promise<Status['discovery']> =>
    ((await gateway.call('status')) as Status).discovery;
  const say = (zone: string, packet: unknown, times = 1): Promise<string> =>
    other.run(STRANGER, JSON.stringify({ zone, packet, times }));
  const sayRaw = (zone: string, packets: readonly string[]): Promise<string> =>
    other.run(STRANGER, packets.map((raw) => `${JSON.stringify({ zone, raw })}\n`).join(''));
  const addressOf = (gateway: TestGateway, zone: string): string => {
    const event = gateway.seen.findLast((each) => each.event === 'listening' && each.zone === zone);
    return event?.event === 'listening' ? event.address : '';
  };

  before(async () => {
    ip('link set lo up');
    other = await createOtherEnd();
    executable = createFarExecutable(other);
    plugCable('near0', 'far0', other);
    const known = { discovery: { known: [desktop.deviceId] } };
    [near, far] = await Promise.all([startGateway(envOf(laptop, ['near0', 'near1'], known)), startFar()]);
  });
  after(async () => {
    await near.stop();
    await far.stop();
    executable.remove();
    other.close();
  });

  describe('on a cable', () => {
    test('two devices see each other: by id who is known, by name who is not', WITHIN, async () => {
      const peer = await untilSeen(near, desktop.deviceId, 'near0');
      assert.equal(peer.instance, instanceNameOf(desktop.deviceId, new Date()));
      assert.equal(peer.address, addressOf(far, 'far0'));
      const unknown = await untilSeen(far, null, 'far0');
      assert.equal(unknown.instance, instanceNameOf(laptop.deviceId, new Date()));
      assert.equal(unknown.address, addressOf(near, 'near0'));
      // It is dialled, shows a leaf that is let in, and is known from then on.
      await untilSeen(far, laptop.deviceId, 'far0');
      const { instance, links } = await statusOf(near);
      assert.equal(instance, unknown.instance);
      assert.deepEqual(links, [{ zone: 'near0', open: true }]);
    });

    test('who stops says goodbye, and is seen again when it is back', WITHIN, async () => {
      await far.stop();
      await untilLost(near, desktop.deviceId, 'near0');
      far = await startFar();
      await untilSeen(near, desktop.deviceId, 'near0', 2);
      await untilFarSees('far0', 'near0');
    });

    test('a cable that is pulled out, and plugged in again', WITHIN, async () => {
      ip('link set near0 down');
      await untilLost(near, desktop.deviceId, 'near0', 2);
      assert.deepEqual((await statusOf(near)).links, []);
      ip('link set near0 up');
      await untilSeen(near, desktop.deviceId, 'near0', 3);
    });

    test('a second cable, and an interface that is made anew', WITHIN, async () => {
      plugCable('near1', 'far1', other);
      await untilSeen(near, desktop.deviceId, 'near1');
      await untilFarSees('far1', 'near1');
      ip('link del near1');
      await untilLost(near, desktop.deviceId, 'near1');
      plugCable('near1', 'far1', other);
      await untilSeen(near, desktop.deviceId, 'near1', 2);
      await untilFarSees('far1', 'near1');
      ip('link del near1');
      await untilLost(near, desktop.deviceId, 'near1', 2);
    });

    test('no socket speaks IPv4, and none is bound to more than one link', () => {
      assert.deepEqual(localAddresses('udp'), []);
      const bound = localAddresses('udp6').filter((local) => local.endsWith(`:${MDNS_PORT_HEX}`));
      assert.notEqual(bound.length, 0);
      for (const local of bound) assert.match(local, /^000002FF/);
    });

    test('announcing and browsing are switched off and on by a reload', WITHIN, async () => {
      const count = seen(near, desktop.deviceId, 'near0').length;
      await far.call('reload', { discovery: { announce: false } });
      await untilLost(near, desktop.deviceId, 'near0', 3);
      await near.call('reload', { discovery: { announce: false, browse: false } });
      assert.deepEqual((await statusOf(near)).links, []);
      assert.deepEqual(
        localAddresses('udp6').filter((local) => local.endsWith(`:${MDNS_PORT_HEX}`)),
        [],
      );
      await near.call('reload', { discovery: { known: [desktop.deviceId] } });
      await far.call('reload', { discovery: {} });
      await untilSeen(near, desktop.deviceId, 'near0', count + 1);
    });
  });

  describe('a stranger on the link', () => {
    const STRANGE_PORT = 4;
    const claim = (instance: string, ttl?: number) => ({
      answers: recordsOf(
        {
          instance: instance as ReturnType<typeof instanceNameOf>,
          port: STRANGE_PORT,
          addresses: ['fe80::bad'],
        },
        ttl,
      ),
    });

    test('who announces the name of a known device adds a hint, and takes nothing away', WITHIN, async () => {
      const name = instanceNameOf(desktop.deviceId, new Date());
      const count = seen(near, desktop.deviceId, 'near0').length;
      await say('far0', claim(name));
      const hint = await untilSeen(near, desktop.deviceId, 'near0', count + 1);
      assert.equal(hint.port, STRANGE_PORT);
      // The address is where it came from, not what it says.
      assert.notEqual(hint.address, 'fe80::bad');
      const { peers } = await statusOf(near);
      assert.equal(peers.filter(({ deviceId }) => deviceId === desktop.deviceId).length, 2);
    });

    test('who announces our own name is counted, and is no peer', WITHIN, async () => {
      const name = instanceNameOf(laptop.deviceId, new Date());
      await say('far0', claim(name));
      await near.until((event) => event.event === 'warning' && event.code === 'discovery');
      const { conflicts, peers } = await statusOf(near);
      assert.equal(conflicts, 1);
      assert.ok(peers.every(({ instance }) => instance !== name));
    });

    test('bytes that are no DNS are counted, and end nothing', WITHIN, async () => {
      const header = (type: string, records: string): string => `0000${type}0000${records}00000000`;
      const bad = [
        '',
        '00',
        'ff'.repeat(1400),
        // Counts without records, a name that points at itself, a label that ends beyond the packet.
        header('8400', 'ffff'),
        `${header('8400', '0001')}c00c00210001000000780004`,
        `${header('8400', '0001')}3f41`,
        // SRV whose length is a lie.
        `${header('8400', '0001')}0161000021000100000078ffff00`,
      ];
      const before = (await statusOf(near)).malformed;
      await sayRaw('far0', bad);
      await eventually(async () => ((await statusOf(near)).malformed >= before + 5 ? true : null));
      assert.equal((await statusOf(near)).links[0]?.open, true);
    });

    test('10,000 names are bounded, and a known device is seen all the same', WITHIN, async () => {
      const flood = say('far0', claim('#'), 10_000);
      const { peers: during } = await eventually(async () => {
        const status = await statusOf(near);
        return status.refused > 1000 ? status : null;
      });
      assert.ok(during.length < 64);
      await flood;
      await far.call('reload', { discovery: { announce: false } });
      await far.stop();
      far = await startFar(camera);
      await near.call('reload', { discovery: { known: [desktop.deviceId, camera.deviceId] } });
      await untilSeen(near, camera.deviceId, 'near0');
    });
  });
}

const MDNS_PORT_HEX = '14E9';

/** Local addresses of this namespace's UDP sockets, in the kernel's hex (proc(5)). */
function localAddresses(protocol: 'udp' | 'udp6'): string[] {
  return readFileSync(`/proc/net/${protocol}`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? '')
    .filter((local) => local !== '');
}
