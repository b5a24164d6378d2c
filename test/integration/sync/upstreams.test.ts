// What is replicated between the databases that there are: two embedded servers, and real CouchDBs where they are named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPairOnLoopback, type LoopbackDevice } from '../../kit/pair-on-loopback.js';
import { snapshot, soon, untilCurrent } from '../../kit/two-devices.js';
import { UPSTREAM_PAIRS } from '../../kit/upstreams.js';

const WITHIN = { timeout: 120_000 };
const ATTACHMENT = Buffer.alloc(100_000, 7).toString('base64');
const DOCUMENTS = 400;

const make = async ({ upstream }: LoopbackDevice, database: string): Promise<void> => {
  const { status } = await upstream.ask('PUT', `/${database}`);
  assert.equal(status, 201);
};

async function fill({ upstream }: LoopbackDevice, database: string): Promise<void> {
  const docs = Array.from({ length: DOCUMENTS }, (_, index) => ({
    _id: `doc-${index}`,
    text: 'x'.repeat(200),
  }));
  await upstream.ask('POST', `/${database}/_bulk_docs`, { docs });
  const fork = (rev: string) => ({ _id: 'forked', _revisions: { start: 1, ids: [rev] }, _rev: `1-${rev}` });
  const forks = ['a', 'b', 'c'].map((letter) => fork(letter.repeat(32)));
  await upstream.ask('POST', `/${database}/_bulk_docs`, { docs: forks, new_edits: false });
  await upstream.ask('PUT', `/${database}/pictured`, {
    _attachments: { picture: { content_type: 'image/png', data: ATTACHMENT } },
  });
  const gone = (await upstream.ask('PUT', `/${database}/gone`, {})).body as { rev: string };
  await upstream.ask('DELETE', `/${database}/gone?rev=${gone.rev}`);
  await upstream.ask('PUT', `/${database}/_design/views`, { views: { all: { map: 'function (doc) {}' } } });
}

const infoOf = async ({ upstream }: LoopbackDevice, path: string) => (await upstream.ask('GET', path)).body;

/** All but design documents, which stay where they were written. */
async function documentsOf(device: LoopbackDevice): Promise<unknown> {
  const all = (await snapshot(device)) as Record<string, [string, string[], boolean][]>;
  return Object.fromEntries(
    Object.entries(all).map(([name, rows]) => [name, rows.filter(([id]) => !id.startsWith('_design/'))]),
  );
}

for (const pair of UPSTREAM_PAIRS) {
  test(`from ${pair[0]} to ${pair[1]}, and from there back`, WITHIN, async (t) => {
    const { near, far, prefix } = await startPairOnLoopback(t, pair);
    const database = `${prefix}-one`;
    await make(near, database);
    await fill(near, database);
    const has = (device: LoopbackDevice, id: string): Promise<true> =>
      soon(async () =>
        (await device.upstream.ask('GET', `/${database}/${id}`)).status === 200 ? true : null,
      );
    await has(far, 'pictured');
    await far.upstream.ask('PUT', `/${database}/back`, {});
    await has(near, 'back');
    await untilCurrent(near, far);
    assert.deepEqual(await documentsOf(near), await documentsOf(far));
    assert.equal((await far.upstream.ask('GET', `/${database}/_design/views`)).status, 404);
    const { sync } = await far.status();
    assert.deepEqual(
      sync.pulls.filter((pull) => pull.database === database).map(({ failed, reason }) => [failed, reason]),
      [[0, null]],
    );
    assert.equal(sync.replicator, pair[1] === 'couchdb' ? 'couchdb' : 'pouchdb');

    // With another token after a restart of both sides, it goes on where it was.
    const before = await infoOf(far, `/${database}`);
    for (const device of [near, far]) {
      device.up.kill('SIGTERM');
      assert.equal((await device.up.ended).code, 0);
    }
    if (pair[1] === 'couchdb') await assertNoJobs(far, near.deviceId);
    assert.deepEqual(await infoOf(far, `/${database}`), before, 'a job wrote when it was to be over');
    await near.restart();
    await far.restart();
    await near.upstream.ask('PUT', `/${database}/after`, {});
    await has(far, 'after');
    const after = (await far.status()).sync.pulls.find((pull) => pull.database === database);
    assert.ok(after !== undefined && after.done <= 1, `${after?.done ?? 0} documents were written again`);

    // What one that was killed left running in CouchDB ends with the next start.
    if (pair[1] !== 'couchdb') return;
    far.up.kill('SIGKILL');
    near.up.kill('SIGTERM');
    await Promise.all([far.up.ended, near.up.ended]);
    await assert.rejects(assertNoJobs(far, near.deviceId));
    await far.restart();
    await soon(() =>
      assertNoJobs(far, near.deviceId).then(
        () => true,
        () => null,
      ),
    );
  });
}

async function assertNoJobs({ upstream }: LoopbackDevice, peer: string): Promise<void> {
  const { body } = await upstream.ask('GET', '/_scheduler/jobs');
  const { jobs } = body as { jobs: { source: string }[] };
  assert.deepEqual(
    jobs.filter(({ source }) => source.includes(peer)),
    [],
  );
  const { body: names } = await upstream.ask('GET', '/_all_dbs');
  if ((names as string[]).includes('_replicator')) {
    const { body: all } = await upstream.ask('GET', '/_replicator/_all_docs');
    const ids = (all as { rows: { id: string }[] }).rows.map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id) => !id.startsWith('_design/')),
      [],
    );
  }
}
