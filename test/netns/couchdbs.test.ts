// Devices on a cable in front of real CouchDBs, or of one and the embedded server: documents to and fro, by CouchDB's own
// replicator, also when the cable is pulled in the middle, and when a CouchDB goes away in the middle and comes back. Where
// PATCHCORD_TEST_COUCHDB names them; those that PATCHCORD_TEST_COUCHDB_RESTART=1 lets us restart are restarted meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentStatus } from '../../dist/agent/status/status.js';
import { isEvent } from '../kit/agent.js';
import { bridgeOfEnv, openBridge } from '../kit/bridge.js';
import { startCouchdbDevices, type CouchdbDevice } from '../kit/couchdb-devices.js';
import { ip, isInsideNamespace } from '../kit/netns.js';
import { createDatabase, slowDown, soon, untilCurrent, type Device } from '../kit/two-devices.js';
import {
  COUCHDB_URLS,
  MAY_RESTART_COUCHDB,
  restartCouchdb,
  startUpstream,
  UPSTREAM_PAIRS,
} from '../kit/upstreams.js';

const WITHIN = { timeout: 230_000 };
const DOCUMENTS = 2000;
/** So slow that what goes away does so in the middle. */
const MEGABITS = 10;
const PAIRS = UPSTREAM_PAIRS.filter((pair) => pair.includes('couchdb'));
const outside = () => openBridge(COUCHDB_URLS.map((url) => Number(new URL(url).port)));

if (PAIRS.length > 0 && isInsideNamespace(import.meta.url, outside)) {
  for (const [index, pair] of PAIRS.entries())
    test(`on a cable: ${pair.join(' and ')}`, WITHIN, async (t) => {
      const prefix = `cable${Date.now().toString(36)}${index}`;
      const both = await startCouchdbDevices(t, bridgeOfEnv(), pair, prefix);
      const [near, far] = [both.near.device, both.far.device];
      const database = `${prefix}-one`;
      // What a person configured knows its administrator; the embedded server has one of its own.
      const { admin } = pair[0] === 'couchdb' ? await startUpstream('couchdb') : {};
      await createDatabase(near, database, admin);
      await soon(async () => ((await near.ask('GET', `/${database}`)).status === 200 ? true : null));
      const count = async (device: Device): Promise<number> =>
        Number((await device.ask('GET', `/${database}`)).body['doc_count'] ?? 0);
      const has = (device: Device, documents: number): Promise<true> =>
        soon(async () => ((await count(device)) === documents ? true : null));

      await write(near, database, 'first');
      await soon(async () => ((await count(far)) > 0 ? true : null));
      ip('link set near0 down');
      await soon(async () => ((await far.status()).sync.pulls.length === 0 ? true : null));
      await near.ask('PUT', `/${database}/meanwhile`, {});
      ip('link set near0 up');
      let documents = DOCUMENTS + 1;
      await has(far, documents);
      await far.ask('PUT', `/${database}/back`, {});
      documents += 1;
      await has(near, documents);
      await untilCurrent(near, far);

      slowDown(near, 'near0', MEGABITS);
      for (const one of [both.far, both.near]) {
        if (one.couchdb === null) continue;
        await write(near, database, one === both.far ? 'second' : 'third');
        documents += DOCUMENTS;
        await soon(async () => ((await count(far)) > documents - DOCUMENTS ? true : null));
        assert.ok((await count(far)) < documents, 'it is not in the middle any more');
        await loseCouchdb(one);
        // It is told where it is pulled to, whichever of the two is away.
        await soon(async () => (isTold(await far.status(), database) ? true : null));
        await one.couchdb.reach.mend();
        await one.device.up.untilLine(isEvent('couchdb-back'));
        await has(far, documents);
        await untilCurrent(near, far);
      }
      assert.deepEqual(await leavesOf(far, database), await leavesOf(near, database));
      for (const [side, device] of [near, far].entries())
        assert.equal(
          (await device.status()).sync.replicator,
          pair[side] === 'couchdb' ? 'couchdb' : 'pouchdb',
        );
    });
}

async function write(device: Device, database: string, name: string): Promise<void> {
  const docs = Array.from({ length: DOCUMENTS }, (_, at) => ({
    _id: `${name}-${at}`,
    text: 'x'.repeat(1000),
  }));
  const { status } = await device.ask('POST', `/${database}/_bulk_docs`, { docs });
  assert.equal(status, 201);
}

/** Resolves when its device has told that it is away. */
async function loseCouchdb({ device, couchdb }: CouchdbDevice): Promise<void> {
  assert.ok(couchdb !== null);
  if (MAY_RESTART_COUCHDB) await restartCouchdb(couchdb.upstream);
  couchdb.reach.cut();
  await device.up.untilLine(isEvent('couchdb-lost'));
  await soon(async () => ((await device.status()).couchdb.version === null ? true : null));
}

const isTold = ({ sync }: AgentStatus, database: string): boolean =>
  sync.pulls.some((pull) => pull.database === database && pull.state === 'failed' && pull.reason !== null);

/** Every document of the database with all revisions that are leaves. */
async function leavesOf(device: Device, database: string): Promise<unknown> {
  const { body } = await device.ask('GET', `/${database}/_changes?style=all_docs`);
  const results = body['results'] as { id: string; changes: { rev: string }[] }[];
  return results
    .map(({ id, changes }) => [id, changes.map(({ rev }) => rev).sort()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
