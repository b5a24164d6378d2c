// A second link in front of the one that a peer is on: with the same address, the same port, and a stranger there. Newer
// lines of Node take the first link for a zone that they are not told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../kit/gateway.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { createTestPki, type TestLeaf, type TestUser } from '../kit/pki.js';
import { identityOf, peerEnv, startStreams, streamsEnv } from '../kit/streams.js';
import { eventually } from '../kit/until.js';

const pki = createTestPki();
const { desktop } = pki.ada;
const COUCH = 'http://127.0.0.1:9/';
const PORT = 4711;
const WITHIN = { timeout: 60_000 };
/** Of both far ends, so that their automatic addresses are the same. */
const HARDWARE = '02:00:00:00:00:17';
const ADDRESS = 'fe80::ff:fe00:17';

interface Status {
  readonly peers: readonly {
    readonly links: readonly { zone: string; address: string; connections: number }[];
  }[];
  readonly discovery: {
    readonly peers: readonly { deviceId: string | null; zone: string; address: string }[];
  };
}

if (isInsideNamespace(import.meta.url)) {
  test('a peer is reached on its own link, past a decoy of the same address in front', WITHIN, async (t) => {
    ip('link set lo up');
    const plug = async (near: string, far: string): Promise<OtherEnd> => {
      const other = await createOtherEnd();
      t.after(() => other.close());
      plugCable(near, far, other);
      other.ip(`link set ${far} down`);
      other.ip(`link set ${far} address ${HARDWARE}`);
      other.ip(`link set ${far} up`);
      return other;
    };
    const start = async (other: OtherEnd, zone: string, leaf: TestLeaf, more = {}) => {
      const executable = createFarExecutable(other);
      t.after(() => executable.remove());
      const env = peerEnv({
        pki,
        couchUrl: COUCH,
        leaf,
        more: { listen: { on: [zone], port: PORT }, ...more },
      });
      const gateway = await startGateway(env, { executable: executable.path });
      t.after(() => gateway.stop());
    };
    // First, so that it has the lower index and comes first in every list.
    const decoy = await plug('decoy0', 'fardecoy0');
    const real = await plug('near0', 'far0');
    await start(decoy, 'fardecoy0', pki.stranger.desktop, identityOfStranger(pki.stranger));
    await start(real, 'far0', desktop);

    const more = { listen: { on: ['decoy0', 'near0'] }, discovery: { known: [desktop.deviceId] } };
    const streams = await startStreams(streamsEnv(pki, {}, {}, more));
    t.after(() => streams.stop());
    const statusOf = async (): Promise<Status> => (await streams.gateway.call('status')) as Status;
    await eventually(async () => {
      const zones = new Set((await statusOf()).discovery.peers.map(({ zone }) => zone));
      return zones.size === 2 ? true : null;
    });
    const { discovery } = await statusOf();
    assert.deepEqual(new Set(discovery.peers.map(({ address }) => address)), new Set([ADDRESS]));
    for (let times = 0; times < 5; times += 1) {
      const reply = await streams.ask('GET', `/peers/${desktop.deviceId}/`);
      assert.equal((reply.json() as { deviceId: string }).deviceId, desktop.deviceId);
    }
    const links = (await statusOf()).peers.flatMap((peer) => peer.links);
    assert.deepEqual(
      links.map(({ zone }) => zone),
      ['near0'],
    );
  });
}

const identityOfStranger = (user: TestUser) => ({
  identity: { ...identityOf(pki, user.desktop, 'a decoy'), userId: user.ca.userId },
  trust: { cas: { user: user.ca.certPem, grace: pki.grace.ca.certPem } },
});
