// A stranger on the link who announces himself under the name of a known device, or floods it: nothing is believed,
// nothing grows, the device itself is still reached, and `status` says what happened.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { instanceNameOf } from '../../dist/core/discovery/instance-name.js';
import { recordsOf } from '../../dist/core/discovery/records.js';
import { startGateway } from '../kit/gateway.js';
import { watchMemory } from '../kit/memory.js';
import { createFarExecutable, type FarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugSwitch, type OtherEnd } from '../kit/netns.js';
import type { StrangerKind, StrangerOrder } from '../kit/netns-stranger.js';
import { createTestPki } from '../kit/pki.js';
import { peerEnv, startStreams, streamsEnv, type StreamsClient } from '../kit/streams.js';
import { eventually } from '../kit/until.js';

const [STRANGER, MDNS] = ['netns-stranger', 'netns-mdns'].map((name) =>
  fileURLToPath(new URL(`../kit/${name}.js`, import.meta.url)),
) as [string, string];
const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const info = `/peers/${desktop}/`;
const WITHIN = { timeout: 90_000 };
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;

interface Status {
  readonly denied: Readonly<Record<string, number>>;
  readonly discovery: {
    readonly peers: readonly { deviceId: string | null; standing: string }[];
    readonly refused: number;
    readonly malformed: number;
  };
  readonly peers: readonly { failures: Readonly<Record<string, number>> }[];
}

if (isInsideNamespace(import.meta.url)) {
  let third: OtherEnd;
  let executable: FarExecutable;
  const ends: (() => unknown)[] = [];

  before(async () => {
    ip('link set lo up');
    const second = await createOtherEnd();
    third = await createOtherEnd();
    executable = createFarExecutable(second);
    ends.push(
      () => second.close(),
      () => third.close(),
      () => executable.remove(),
    );
    plugSwitch([
      ['near0', null],
      ['second0', second],
      ['third0', third],
    ]);
  });
  after(() => {
    for (const end of ends) end();
  });

  const statusOf = async ({ gateway }: StreamsClient): Promise<Status> =>
    (await gateway.call('status')) as Status;
  const startNear = (): Promise<StreamsClient> =>
    startStreams(
      streamsEnv(
        pki,
        {},
        {},
        {
          listen: { on: ['near0'] },
          discovery: { known: [desktop] },
          limits: { peerDialMs: 500 },
        },
      ),
    );
  const startDesktop = () =>
    startGateway(peerEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: ['second0'] } } }), {
      executable: executable.path,
    });
  const untilReached = (streams: StreamsClient): Promise<true> =>
    eventually(async () => ((await streams.ask('GET', info)).status === 200 ? true : null));

  describe('under the name of the day of a known device', () => {
    const { certPem: cert, keyPem: key } = pki.stranger.laptop;
    const instance = instanceNameOf(desktop, new Date());
    /** How `status` counts it, and what is thought of the address. */
    const rows: readonly [StrangerKind, RegExp, string][] = [
      ['other-leaf', /^wrong-leaf$/, 'wrong'],
      ['silent', /^timeout$/, 'unreachable'],
      ['resets', /^ECONNRESET$/, 'unreachable'],
      ['resets-in-the-middle', /^ECONNRESET$/, 'unreachable'],
      ['endless-headers', /^ERR_SSL_/, 'unreachable'],
    ];
    for (const [kind, code, standing] of rows) {
      test(`${kind}: is counted, makes nothing grow, and the device itself is reached`, WITHIN, async (t) => {
        const order: StrangerOrder = { zone: 'third0', instance, kind, cert, key };
        const stranger = third.start(STRANGER, `${JSON.stringify(order)}\n`);
        t.after(() => stranger.kill());
        const streams = await startNear();
        t.after(() => streams.stop());
        const memory = watchMemory(streams.gateway.pid);
        const { failures } = await eventually(async () => {
          assert.equal((await streams.ask('GET', info)).status, 503);
          const [peer] = (await statusOf(streams)).peers;
          return Object.keys(peer?.failures ?? {}).length > 0 ? (peer ?? null) : null;
        });
        for (const found of Object.keys(failures)) assert.match(found, code);
        const { discovery, denied } = await statusOf(streams);
        const claims = discovery.peers.filter(({ deviceId }) => deviceId === desktop);
        assert.deepEqual(
          claims.map((claim) => claim.standing),
          [standing],
        );
        assert.equal(denied['issuer-unknown'] ?? 0, kind === 'other-leaf' ? 1 : 0);

        const real = await startDesktop();
        t.after(() => real.stop());
        await untilReached(streams);
        const both = (await statusOf(streams)).discovery.peers.filter(({ deviceId }) => deviceId === desktop);
        assert.deepEqual(both.map((claim) => claim.standing).sort(), ['proven', standing].sort());
        assert.ok(memory.growth() < MOST_GROWTH_BYTES, `${memory.growth()} bytes`);
      });
    }
  });

  describe('a flood', () => {
    const claim = (instance: string) => ({
      answers: recordsOf({
        instance: instance as ReturnType<typeof instanceNameOf>,
        port: 4,
        addresses: ['fe80::bad'],
      }),
    });
    const questions = { questions: [{ name: '_patchcord._tcp.local', type: 'PTR' }] };

    test('of names, questions and nonsense is counted and bounded, in memory too', WITHIN, async (t) => {
      const streams = await startNear();
      t.after(() => streams.stop());
      const real = await startDesktop();
      t.after(() => real.stop());
      await untilReached(streams);
      const zone = 'third0';
      const orders = [
        { zone, packet: claim('#'), times: 10_000 },
        { zone, packet: questions, times: 2_000 },
        ...Array.from({ length: 100 }, () => ({ zone, raw: 'ff'.repeat(1400) })),
      ];
      const flood = (): Promise<string> =>
        third.run(MDNS, orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
      await flood();
      // The first one makes the process as large as a flood makes it; what is kept of each would show in the second.
      const memory = watchMemory(streams.gateway.pid);
      await flood();
      const { discovery, peers } = await eventually(async () => {
        const status = await statusOf(streams);
        return status.discovery.malformed > 0 ? status : null;
      });
      assert.ok(discovery.refused > 1000, `${discovery.refused} refused`);
      assert.ok(discovery.peers.length < 64, `${discovery.peers.length} held`);
      assert.ok(memory.growth() < MOST_GROWTH_BYTES, `${memory.growth()} bytes`);
      assert.deepEqual(peers[0]?.failures, {});
      assert.equal((await streams.ask('GET', info)).status, 200);
    });
  });
}
