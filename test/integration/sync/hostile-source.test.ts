// A peer that is let in, and means ill: its database ignores what was asked for, and its files are not what their names say.
// Nothing bad is stored, it is told, and what is good of the same peer comes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isEvent } from '../../kit/agent.js';
import { startLyingCouch, type Lies } from '../../kit/lying-couch.js';
import { startPairOnLoopback, type LoopbackDevice } from '../../kit/pair-on-loopback.js';
import { soon, storedFile } from '../../kit/two-devices.js';
import { UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';
import { hashOf, pattern, put } from '../files/temp-store.js';

const WITHIN = { timeout: 120_000 };
const MIB = 1024 * 1024;
const REV = `1-${'a'.repeat(32)}`;
const VALIDATION = {
  validate_doc_update:
    'function (doc, old, user) { if (user.roles.indexOf("_admin") < 0) throw({ forbidden: "mine now" }); }',
};
const slipped = (id: string, more: object = {}) => ({
  ...{ _id: id, _rev: REV, _revisions: { start: 1, ids: [REV.slice(2)] } },
  ...more,
});
const ENDLESS = 'document-without-an-end';
const SLIPPED = [
  slipped('_design/slipped', VALIDATION),
  slipped('_local/slipped', { source_last_seq: '99' }),
];

const statusOf = async ({ upstream }: LoopbackDevice, path: string): Promise<number> =>
  (await upstream.ask('GET', path)).status;
const put201 = async ({ upstream }: LoopbackDevice, path: string, body?: object): Promise<void> =>
  assert.equal((await upstream.ask('PUT', path, body)).status, 201);

for (const kind of UPSTREAM_KINDS) {
  test(`pulled into ${kind}: no design or local document is stored, nor a wrong file`, WITHIN, async (t) => {
    const lies: Lies = { slipped: kind === 'embedded' ? SLIPPED : [], endless: ENDLESS };
    const front = (upstream: TestUpstream) => startLyingCouch(upstream, lies);
    const { near, far, prefix } = await startPairOnLoopback(t, ['embedded', kind], { front });
    const database = `${prefix}-one`;
    await put201(near, `/${database}`);
    await put201(near, `/${database}/_design/lock`, VALIDATION);
    await near.upstream.ask('POST', `/${database}/_bulk_docs`, { docs: [{ _id: 'one' }, { _id: 'two' }] });
    await soon(async () => ((await statusOf(far, `/${database}/two`)) === 200 ? true : null));
    for (const id of ['_design/lock', '_design/slipped', '_local/slipped'])
      assert.equal(await statusOf(far, `/${database}/${id}`), 404, id);
    await put201(far, `/${database}/still-mine`, {});

    // A good file comes; one whose bytes are others does not, and the peer is asked for no more.
    const good = addFile(near, pattern(2 * MIB, 1));
    await put201(near, `/${database}/${good.id}`, {});
    assert.ok((await storedFile(far, good.id)).equals(good.bytes));
    const bad = addFile(near, pattern(2 * MIB, 2), pattern(2 * MIB, 3));
    await put201(near, `/${database}/${bad.id}`, {});
    const told = await far.up.untilLine(isEvent('bad-source'));
    assert.deepEqual([told['deviceId'], told['id']], [near.deviceId, bad.id]);
    const { files } = (await far.status()).sync;
    assert.deepEqual([files.droppedSources, files.missing], [[near.deviceId], 1]);

    if (kind === 'couchdb') {
      // Its replicator gives up at what it did not ask for, as is told.
      lies.slipped = SLIPPED;
      await put201(near, `/${database}/with-more`, {});
      await far.up.untilLine((line) => isEvent('pull-failed')(line) && line['database'] === database);
      for (const { _id: id } of SLIPPED) assert.equal(await statusOf(far, `/${database}/${id}`), 404, id);
      return;
    }
    await put201(near, `/${prefix}-two`);
    await put201(near, `/${prefix}-two/${ENDLESS}`, {});
    const failed = await far.up.untilLine(
      (line) => isEvent('pull-failed')(line) && line['database'] === `${prefix}-two`,
    );
    assert.match(String(failed['reason']), /limit/);
    assert.ok(residentBytes(far.up.pid) < 1024 * MIB);
    await put201(near, `/${database}/three`, {});
    await soon(async () => ((await statusOf(far, `/${database}/three`)) === 200 ? true : null));
  });
}

/** A file in its store, with the sidecar of the right bytes; what is in the file may be others. */
function addFile({ home }: LoopbackDevice, bytes: Buffer, stored = bytes) {
  const { id, digests } = hashOf(bytes);
  put(home.paths.store, id, digests, 'leaves');
  put(home.paths.store, id, stored);
  return { id, bytes };
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
