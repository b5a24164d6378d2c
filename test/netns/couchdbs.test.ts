// Devices on a cable in front of real CouchDBs, or of one and the embedded server: documents to and fro, by CouchDB's own
// replicator, also when the cable is pulled in the middle. Where PATCHCORD_TEST_COUCHDB names them.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createTestHome, joinHome, patchcord, type TestHome } from '../kit/agent.js';
import { bridgeOfEnv, offerStreams, openBridge, reachCouchdb, type Bridge } from '../kit/bridge.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { createDatabase, soon, startDevice, untilCurrent, type Device } from '../kit/two-devices.js';
import { COUCHDB_URLS, startSecondUpstream, startUpstream, UPSTREAM_PAIRS } from '../kit/upstreams.js';

const WITHIN = { timeout: 200_000 };
const DOCUMENTS = 2000;
const PAIRS = UPSTREAM_PAIRS.filter((pair) => pair.includes('couchdb'));
const outside = () => openBridge(COUCHDB_URLS.map((url) => Number(new URL(url).port)));

if (PAIRS.length > 0 && isInsideNamespace(import.meta.url, outside)) {
  for (const [index, pair] of PAIRS.entries())
    test(`on a cable: ${pair.join(' and ')}`, WITHIN, async (t) => {
      ip('link set lo up');
      const bridge = bridgeOfEnv();
      const other = await createOtherEnd();
      t.after(() => other.close());
      other.ip('link set lo up');
      plugCable('near0', 'far0', other);
      t.after(() => ip('link del near0'));
      const prefix = `cable${Date.now().toString(36)}${index}`;
      const [nearHome, farHome] = [createTestHome(t), createTestHome(t)];
      const init = await patchcord(nearHome, ['init']);
      assert.equal(init.code, 0, init.stderr);
      joinHome(farHome, nearHome);
      const start = async (home: TestHome, side: 0 | 1, within: OtherEnd | null): Promise<Device> => {
        const config = { directory: `${prefix}-directory`, policy: policyOf(prefix) };
        const more = pair[side] === 'couchdb' ? await useCouchdb(t, bridge, side, within, prefix) : {};
        home.writeConfig({ ...config, ...more });
        if (pair[side] === 'couchdb') {
          const options = within === null ? {} : { within };
          const { code, stdout, stderr } = await patchcord(home, ['provision', '--yes'], options);
          assert.equal(code, 0, stdout + stderr);
        }
        return startDevice(home, { deviceId: '', within, listen: [within === null ? 'near0' : 'far0'] });
      };
      const near = await start(nearHome, 0, null);
      const far = await start(farHome, 1, other);
      const database = `${prefix}-one`;
      // What a person configured knows its administrator; the embedded server has one of its own.
      const { admin } = pair[0] === 'couchdb' ? await startUpstream('couchdb') : {};
      await createDatabase(near, database, admin);
      await soon(async () => ((await near.ask('GET', `/${database}`)).status === 200 ? true : null));
      const docs = Array.from({ length: DOCUMENTS }, (_, at) => ({
        _id: `doc-${at}`,
        text: 'x'.repeat(300),
      }));
      await near.ask('POST', `/${database}/_bulk_docs`, { docs });
      const count = async (device: Device): Promise<number> =>
        Number((await device.ask('GET', `/${database}`)).body['doc_count'] ?? 0);
      await soon(async () => ((await count(far)) > 0 ? true : null));
      ip('link set near0 down');
      await soon(async () => ((await far.status()).sync.pulls.length === 0 ? true : null));
      await near.ask('PUT', `/${database}/meanwhile`, {});
      ip('link set near0 up');
      await soon(async () => ((await count(far)) === DOCUMENTS + 1 ? true : null));
      await far.ask('PUT', `/${database}/back`, {});
      await soon(async () => ((await count(near)) === DOCUMENTS + 2 ? true : null));
      await untilCurrent(near, far);
      for (const [side, device] of [near, far].entries())
        assert.equal(
          (await device.status()).sync.replicator,
          pair[side] === 'couchdb' ? 'couchdb' : 'pouchdb',
        );
    });
}

const policyOf = (prefix: string) => ({
  roles: {
    'own-device': {
      databases: [{ name: `${prefix}-*`, access: 'write' }],
      files: 'all',
      credentials: 'own',
    },
  },
  principals: [{ issuer: 'user', role: 'own-device' }],
});

/** The CouchDB of that side, reached from where its device is, and it the device. */
async function useCouchdb(
  t: TestContext,
  bridge: Bridge,
  side: 0 | 1,
  within: OtherEnd | null,
  prefix: string,
): Promise<object> {
  const upstream = await (side === 0 ? startUpstream : startSecondUpstream)('couchdb');
  const couch = bridge.couches.find(({ couchPort }) => couchPort === upstream.port) ?? assert.fail();
  const pid = within?.pid ?? null;
  const ends = [
    await reachCouchdb(bridge, couch.couchPort, pid),
    await offerStreams(bridge, couch.streamsPort, pid),
  ];
  // To tidy up from here.
  if (pid !== null) ends.push(await reachCouchdb(bridge, couch.couchPort, null));
  t.after(async () => {
    const { body } = await upstream.ask('GET', '/_all_dbs');
    for (const name of body as string[])
      if (name.startsWith(prefix)) await upstream.ask('DELETE', `/${name}`);
    await upstream.close();
    for (const end of ends) end();
  });
  const { url, admin } = upstream;
  return { couchdb: { url, admin }, peerStreams: { port: couch.streamsPort } };
}
