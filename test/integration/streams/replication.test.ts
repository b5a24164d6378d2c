// Replication through a peer stream, both ways: PouchDB, and CouchDB's own replicator where there is one
// (PATCHCORD_TEST_COUCHDB). The database behind the peer is real.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { couchEnv } from '../../kit/household.js';
import { startGateway, type TestGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { createPouchFolder, httpPouch, type PouchDatabase, type PouchFolder } from '../../kit/pouch.js';
import {
  atLoopback,
  authorization,
  identityOf,
  startStreams,
  streamsEnv,
  TOKEN,
  type StreamsClient,
} from '../../kit/streams.js';
import { startUpstream, UPSTREAM_KINDS, type Login, type TestUpstream } from '../../kit/upstreams.js';
import { eventually } from '../../kit/until.js';
import { documentsWithHistory, freshDocuments } from '../couch/library.js';
import { snapshotOfPouch, snapshotOfUpstream } from '../couch/snapshot.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;

function withLogin(address: string, { username, password }: Login): string {
  return Object.assign(new URL(address), { username, password }).href;
}

for (const kind of UPSTREAM_KINDS) {
  suite(`replication through a peer stream (${kind})`, () => {
    let upstream: TestUpstream;
    let library: string;
    let incoming: string;
    let pushed: string;
    let peer: TestGateway;
    let streams: StreamsClient;
    let folder: PouchFolder;

    before(async () => {
      upstream = await startUpstream(kind);
      const login = await upstream.createUser('own');
      library = await upstream.createDatabase('dmedia-0', { admins: [login] });
      incoming = await upstream.createDatabase('dmedia-0-in', { admins: [login] });
      pushed = await upstream.createDatabase('dmedia-0-pushed', { admins: [login] });
      const databases = [library, incoming, pushed].map((name) => ({ name, access: 'write', design: true }));
      const env = couchEnv({ pki, url: upstream.url, login, databases });
      peer = await startGateway({ ...env, identity: identityOf(pki, pki.ada.desktop, "Ada's desktop") });
      streams = await startStreams(streamsEnv(pki, { [desktop]: [atLoopback(peer.port)] }));
      folder = createPouchFolder();
      for (const body of [{ docs: freshDocuments() }, { docs: documentsWithHistory(), new_edits: false }])
        assert.equal((await upstream.ask('POST', `/${library}/_bulk_docs`, body)).status, 201);
    });
    after(async () => {
      await folder.close();
      assert.equal(await streams.stop(), 0);
      assert.equal(await peer.stop(), 0);
      await upstream.close();
    });

    const through = (database: string): string =>
      `http://127.0.0.1:${streams.port}/peers/${desktop}/couch/${encodeURIComponent(database)}`;
    const remote = (database: string): PouchDatabase => httpPouch(through(database), authorization());

    test('PouchDB pulls everything, and pushes it', async () => {
      const copy = folder.create('copy');
      assert.equal((await copy.replicate.from(remote(library))).doc_write_failures, 0);
      const whole = await snapshotOfUpstream(upstream, library);
      assert.deepEqual(await snapshotOfPouch(copy), whole);
      assert.equal((await copy.replicate.to(remote(incoming))).doc_write_failures, 0);
      assert.deepEqual(await snapshotOfUpstream(upstream, incoming), whole);
    });

    test('PouchDB follows changes as they come', async () => {
      const follower = folder.create('follower');
      const pull = follower.replicate.from(remote(library), { live: true });
      assert.equal((await upstream.ask('PUT', `/${library}/live`, {})).status, 201);
      await eventually(() => follower.get('live').catch(() => null));
      pull.cancel();
    });

    if (!UPSTREAM_KINDS.includes('couchdb')) return;

    suite("CouchDB's replicator", () => {
      let couchdb: TestUpstream;
      before(async () => (couchdb = await startUpstream('couchdb')));
      after(() => couchdb.close());

      const stream = (database: string): string =>
        withLogin(through(database), { username: 'patchcord', password: TOKEN });
      const onCouchdb = (database: string): string => withLogin(couchdb.url + database, couchdb.admin);
      const emptyDatabase = (): Promise<string> => couchdb.createDatabase('patchcord-test', {});
      async function replicate(job: object): Promise<void> {
        const { status, body } = await couchdb.ask('POST', '/_replicate', job);
        assert.equal(status, 200, JSON.stringify(body));
        const { history } = body as { history: readonly Record<string, unknown>[] };
        assert.equal(history[0]?.['doc_write_failures'], 0);
      }

      test('pulls everything, and pushes it', async () => {
        const target = await emptyDatabase();
        await replicate({ source: stream(library), target: onCouchdb(target) });
        const whole = await snapshotOfUpstream(upstream, library);
        assert.deepEqual(await snapshotOfUpstream(couchdb, target), whole);
        await replicate({ source: onCouchdb(target), target: stream(pushed) });
        assert.deepEqual(await snapshotOfUpstream(upstream, pushed), whole);
      });

      test('pulls changes while they come', async () => {
        const target = await emptyDatabase();
        const job = { source: stream(library), target: onCouchdb(target), continuous: true };
        assert.equal((await couchdb.ask('POST', '/_replicate', job)).status, 202);
        assert.equal((await upstream.ask('PUT', `/${library}/continuous`, {})).status, 201);
        const arrival = `_changes?feed=longpoll&since=0&filter=_doc_ids&heartbeat=1000`;
        const arrived = await couchdb.ask('POST', `/${target}/${arrival}`, { doc_ids: ['continuous'] });
        assert.equal((arrived.body as { results: readonly object[] }).results.length, 1);
        assert.equal((await couchdb.ask('POST', '/_replicate', { ...job, cancel: true })).status, 200);
      });
    });
  });
}
