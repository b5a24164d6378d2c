// CouchDB's own replicator against the gateway, in both directions, where there is a CouchDB to run it
// (PATCHCORD_TEST_COUCHDB). It can show no certificate, so a bridge on loopback does.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { startCouchGateway, type CouchGateway } from '../../kit/household.js';
import { createTestPki } from '../../kit/pki.js';
import { startTlsBridge, type TlsBridge } from '../../kit/tls-bridge.js';
import { startUpstream, UPSTREAM_KINDS, type Login, type TestUpstream } from '../../kit/upstreams.js';
import { documentsWithHistory, freshDocuments } from './library.js';
import { idIn, snapshotOfUpstream, type Snapshot } from './snapshot.js';

const pki = createTestPki();
const WITHOUT_DESIGN = { _id: { $regex: '^[^_]' } };
/** The replicator sends them; the gateway takes no notice. */
const PEER_LOGIN = { username: 'patchcord', password: 'a-token' };

async function fill(upstream: TestUpstream, database: string): Promise<void> {
  const write = async (body: object): Promise<void> => {
    const { status, body: rows } = await upstream.ask('POST', `/${database}/_bulk_docs`, body);
    assert.equal(status, 201);
    assert.deepEqual(
      (rows as { error?: string }[]).filter(({ error }) => error !== undefined),
      [],
    );
  };
  await write({ docs: freshDocuments() });
  await write({ docs: documentsWithHistory(), new_edits: false });
}

const only = (snapshot: Snapshot, isKept: (id: string) => boolean): Snapshot =>
  new Map([...snapshot].filter(([key]) => isKept(idIn(key))));

/** With the credentials in it, as a `_replicator` document of a person would have it. */
function withLogin(address: string, { username, password }: Login): string {
  const url = new URL(address);
  return Object.assign(url, { username, password }).href;
}

for (const kind of UPSTREAM_KINDS.includes('couchdb') ? UPSTREAM_KINDS : []) {
  suite(`CouchDB's replicator and the gateway (${kind})`, () => {
    const ending = createEnding();
    /** Where the replicator runs. */
    let couchdb: TestUpstream;
    /** Behind the gateway. */
    let upstream: TestUpstream;
    let [library, incoming] = ['', ''];
    let through: CouchGateway;
    let bridge: TlsBridge;

    before(async () => {
      couchdb = await startUpstream('couchdb');
      ending.add(() => couchdb.close());
      upstream = await startUpstream(kind);
      ending.add(() => upstream.close());
      const login = await upstream.createUser('own');
      library = await upstream.createDatabase('dmedia-0', { admins: [login] });
      incoming = await upstream.createDatabase('dmedia-0-in', { admins: [login] });
      const databases = [library, incoming].map((name) => ({ name, access: 'write', design: true }));
      through = await startCouchGateway({ pki, url: upstream.url, login, databases });
      ending.add(() => through.stop());
      bridge = await startTlsBridge(through.peer(pki.ada.desktop));
      ending.add(() => bridge.close());
      await fill(upstream, library);
    });

    const overBridge = (database: string): string =>
      withLogin(`http://127.0.0.1:${bridge.port}/${database}`, PEER_LOGIN);
    const onCouchdb = (database: string): string => withLogin(couchdb.url + database, couchdb.admin);
    const emptyDatabase = (): Promise<string> => couchdb.createDatabase('patchcord-test', {});
    const wasSeen = (start: string): boolean => bridge.seen.some((line) => line.startsWith(start));

    async function replicate(job: object): Promise<void> {
      const { status, body } = await couchdb.ask('POST', '/_replicate', job);
      assert.equal(status, 200);
      const { history } = body as { history: readonly Record<string, unknown>[] };
      assert.equal(history[0]?.['doc_write_failures'], 0);
    }

    test('pulls everything', async () => {
      const target = await emptyDatabase();
      await replicate({ source: overBridge(library), target: onCouchdb(target) });
      assert.deepEqual(
        await snapshotOfUpstream(couchdb, target),
        await snapshotOfUpstream(upstream, library),
      );
      assert.ok(wasSeen('404 POST /_session'));
      assert.ok(wasSeen(`200 GET /${library}/ `));
      assert.ok(wasSeen(`201 PUT /${library}/_local/`));
    });

    test('pulls without design documents, by the one selector that needs no "query"', async () => {
      const target = await emptyDatabase();
      await replicate({
        source: overBridge(library),
        target: onCouchdb(target),
        selector: WITHOUT_DESIGN,
      });
      const whole = await snapshotOfUpstream(upstream, library);
      const expected = only(whole, (id) => !id.startsWith('_design/'));
      assert.ok(expected.size < whole.size);
      assert.deepEqual(await snapshotOfUpstream(couchdb, target), expected);
    });

    test('pulls the documents that are named', async () => {
      const target = await emptyDatabase();
      const ids = ['dmedia', 'a/b/c', '日本語', 'a b', 'conflict-0004', 'nowhere'];
      await replicate({ source: overBridge(library), target: onCouchdb(target), doc_ids: ids });
      const expected = only(await snapshotOfUpstream(upstream, library), (id) => ids.includes(id));
      assert.equal(expected.size, 7);
      assert.deepEqual(await snapshotOfUpstream(couchdb, target), expected);
      assert.ok(wasSeen(`200 POST /${library}/_changes?filter=_doc_ids`));
    });

    test('pushes everything, into a database that it may not make and need not', async () => {
      const source = await emptyDatabase();
      await fill(couchdb, source);
      await replicate({ source: onCouchdb(source), target: overBridge(incoming), create_target: true });
      assert.deepEqual(
        await snapshotOfUpstream(upstream, incoming),
        await snapshotOfUpstream(couchdb, source),
      );
      assert.ok(wasSeen(`412 PUT /${incoming}/`));
      assert.ok(wasSeen(`201 PUT /${incoming}/large?new_edits=false`));
    });

    test('pulls changes while they come', async () => {
      const target = await emptyDatabase();
      const job = { source: overBridge(library), target: onCouchdb(target), continuous: true };
      assert.equal((await couchdb.ask('POST', '/_replicate', job)).status, 202);
      for (const id of ['first', 'second']) {
        assert.equal((await upstream.ask('PUT', `/${library}/continuous-${id}`, {})).status, 201);
        const arrival = `_changes?feed=longpoll&since=0&filter=_doc_ids&heartbeat=1000`;
        const arrived = await couchdb.ask('POST', `/${target}/${arrival}`, {
          doc_ids: [`continuous-${id}`],
        });
        assert.equal((arrived.body as { results: readonly object[] }).results.length, 1);
      }
      assert.equal((await couchdb.ask('POST', '/_replicate', { ...job, cancel: true })).status, 200);
    });
  });
}
