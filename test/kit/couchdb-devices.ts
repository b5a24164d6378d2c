// Two devices of one user at the ends of a cable, each in front of a real CouchDB or of the embedded server.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createTestHome, joinHome, patchcord, type TestHome } from './agent.js';
import { joinCouchdb, reachCouchdb, type Bridge, type Reach } from './bridge.js';
import { createOtherEnd, ip, plugCable, type OtherEnd } from './netns.js';
import { ownDevicesPolicy } from './pair-on-loopback.js';
import { startDevice, type Device } from './two-devices.js';
import { startSecondUpstream, startUpstream, type TestUpstream, type UpstreamKind } from './upstreams.js';

export interface CouchdbDevice {
  readonly device: Device;
  /** Its CouchDB, and the way there; null where the device has an embedded server. */
  readonly couchdb: { readonly upstream: TestUpstream; readonly reach: Reach } | null;
}

interface Plan {
  readonly t: TestContext;
  readonly bridge: Bridge;
  readonly side: 0 | 1;
  readonly kind: UpstreamKind;
  /** Of all databases of this pair. */
  readonly prefix: string;
  readonly home: TestHome;
  /** Null at this end. */
  readonly within: OtherEnd | null;
}

/** The cable is from `near0`, here, to `far0`. */
export async function startCouchdbDevices(
  t: TestContext,
  bridge: Bridge,
  [nearKind, farKind]: readonly [UpstreamKind, UpstreamKind],
  prefix: string,
): Promise<{ near: CouchdbDevice; far: CouchdbDevice }> {
  ip('link set lo up');
  const other = await createOtherEnd();
  t.after(() => other.close());
  other.ip('link set lo up');
  plugCable('near0', 'far0', other);
  t.after(() => ip('link del near0'));
  const [nearHome, farHome] = [createTestHome(t), createTestHome(t)];
  const init = await patchcord(nearHome, ['init']);
  assert.equal(init.code, 0, init.stderr);
  joinHome(farHome, nearHome);
  const common = { t, bridge, prefix };
  return {
    near: await start({ ...common, side: 0, kind: nearKind, home: nearHome, within: null }),
    far: await start({ ...common, side: 1, kind: farKind, home: farHome, within: other }),
  };
}

async function start(plan: Plan): Promise<CouchdbDevice> {
  const { kind, prefix, home, within } = plan;
  const config = { directory: `${prefix}-directory`, policy: ownDevicesPolicy(prefix) };
  const couchdb = kind === 'couchdb' ? await useCouchdb(plan) : null;
  home.writeConfig({ ...config, ...couchdb?.config });
  if (couchdb !== null) {
    const options = within === null ? {} : { within };
    const { code, stdout, stderr } = await patchcord(home, ['provision', '--yes'], options);
    assert.equal(code, 0, stdout + stderr);
  }
  const listen = [within === null ? 'near0' : 'far0'];
  return { device: await startDevice(home, { deviceId: '', within, listen }), couchdb };
}

/** The CouchDB of that side, reached from where its device is, and it the device. */
async function useCouchdb({ t, bridge, side, within, prefix }: Plan) {
  const upstream = await (side === 0 ? startUpstream : startSecondUpstream)('couchdb');
  const couch = bridge.couches.find(({ couchPort }) => couchPort === upstream.port) ?? assert.fail();
  const reach = await joinCouchdb(bridge, couch, within?.pid ?? null);
  // The test asks it from this end.
  const fromHere = within === null ? null : await reachCouchdb(bridge, couch.couchPort, null);
  t.after(async () => {
    const { body } = await upstream.ask('GET', '/_all_dbs');
    for (const name of body as string[])
      if (name.startsWith(prefix)) await upstream.ask('DELETE', `/${name}`);
    await upstream.close();
    reach.cut();
    fromHere?.();
  });
  const { url, admin } = upstream;
  return {
    ...{ upstream, reach },
    config: { couchdb: { url, admin }, peerStreams: { port: couch.streamsPort } },
  };
}
