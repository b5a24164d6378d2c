// Replication as a peer does it: PouchDB over mutual TLS, through the gateway, with a real database behind it.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { startCouchGateway, type CouchGateway } from '../../kit/household.js';
import { createTestPki } from '../../kit/pki.js';
import { createPouchFolder, remotePouch, type PouchDatabase, type PouchFolder } from '../../kit/pouch.js';
import { startUpstream, UPSTREAM_KINDS, type Login, type TestUpstream } from '../../kit/upstreams.js';
import { documentsWithHistory, freshDocuments, revisionHash } from './library.js';
import { documentCountOf, snapshotOfPouch, snapshotOfUpstream } from './snapshot.js';

const pki = createTestPki();

async function fill(database: PouchDatabase): Promise<void> {
  const written = await database.bulkDocs(freshDocuments());
  assert.deepEqual(
    written.filter(({ error }) => error !== undefined),
    [],
  );
  assert.deepEqual(await database.bulkDocs(documentsWithHistory(), { new_edits: false }), []);
}

/** Resolves when a change of this document is in the database, or comes into it. */
async function untilChanged(database: PouchDatabase, id: string): Promise<void> {
  const feed = database.changes({ since: 0, live: true });
  await new Promise<void>((resolve) => {
    feed.on('change', (change: { id: string }) => {
      if (change.id === id) resolve();
    });
  });
  feed.cancel();
}

for (const kind of UPSTREAM_KINDS) {
  suite(`replication through the gateway (${kind})`, () => {
    const ending = createEnding();
    let upstream: TestUpstream;
    let login: Login;
    let library: string;
    let through: CouchGateway;
    let folder: PouchFolder;
    let origin: PouchDatabase;
    let copy: PouchDatabase;

    const start = (port = 0): Promise<CouchGateway> => {
      const databases = [{ name: library, access: 'write', design: true }];
      return startCouchGateway({ pki, url: upstream.url, login, databases, port });
    };
    const remoteFor = (device: 'desktop' | 'camera', onRequest?: (url: URL) => void): PouchDatabase =>
      remotePouch(through.peer(pki.ada[device]), library, onRequest);
    const write = (id: string, body: object) =>
      upstream.ask('PUT', `/${library}/${encodeURIComponent(id)}`, body);

    before(async () => {
      upstream = await startUpstream(kind);
      ending.add(() => upstream.close());
      login = await upstream.createUser('own');
      library = await upstream.createDatabase('dmedia-0', { admins: [login] });
      folder = createPouchFolder();
      ending.add(() => folder.close());
      through = await start();
      ending.add(() => through.stop());
      origin = folder.create('origin');
      copy = folder.create('copy');
      await fill(origin);
    });

    test('pushes a library: every document, leaf, history and attachment arrives', async () => {
      const result = await origin.replicate.to(remoteFor('desktop'));
      assert.equal(result.doc_write_failures, 0);
      const sent = await snapshotOfPouch(origin);
      assert.ok(documentCountOf(sent) >= 1000);
      assert.deepEqual(await snapshotOfUpstream(upstream, library), sent);
    });

    test('pulls it into an empty database', async () => {
      const result = await copy.replicate.from(remoteFor('camera'));
      assert.equal(result.doc_write_failures, 0);
      assert.deepEqual(await snapshotOfPouch(copy), await snapshotOfUpstream(upstream, library));
    });

    test('brings together what changed on both sides, conflicts too', async () => {
      const remote = remoteFor('desktop');
      for (const index of [1, 2, 3]) {
        const _id = `plain-000${index}`;
        const { _rev } = await origin.get(_id);
        await origin.put({ _id, _rev: String(_rev), by: 'origin' });
        const written = await write(_id, { _rev, by: 'upstream' });
        assert.equal(written.status, 201);
      }
      const { _rev } = await origin.get('plain-0004');
      await origin.put({ _id: 'plain-0004', _rev: String(_rev), _deleted: true });
      await origin.replicate.to(remote);
      await origin.replicate.from(remote);
      const merged = await snapshotOfPouch(origin);
      assert.deepEqual(await snapshotOfUpstream(upstream, library), merged);
      const leaves = [...merged.keys()].filter((key) => key.endsWith(' plain-0002'));
      assert.equal(leaves.length, 2);
    });

    test('carries changes while it runs, from one device over the gateway to another', async () => {
      const up = origin.replicate.to(remoteFor('desktop'), { live: true });
      const down = copy.replicate.from(remoteFor('camera'), { live: true });
      await origin.put({ _id: 'live from a device' });
      await untilChanged(copy, 'live from a device');
      await write('live from the upstream', {});
      await untilChanged(copy, 'live from the upstream');
      await origin.put({ _id: 'live once more' });
      await untilChanged(copy, 'live once more');
      up.cancel();
      down.cancel();
      await Promise.all([up, down]);
      assert.deepEqual(await snapshotOfPouch(copy), await snapshotOfUpstream(upstream, library));
    });

    /** Pulls into `target`; resolves with the sequence that it began from. */
    async function pullSince(target: PouchDatabase, device: 'desktop' | 'camera'): Promise<string | null> {
      const asked: URL[] = [];
      await target.replicate.from(remoteFor(device, (url) => asked.push(url)));
      return asked.find(({ pathname }) => pathname.endsWith('/_changes'))?.searchParams.get('since') ?? null;
    }

    test('two devices resume from their own checkpoints, also after the gateway was started again', async () => {
      const [desk, handheld] = [folder.create('desk'), folder.create('handheld')];
      assert.equal(await pullSince(desk, 'desktop'), '0');
      await write('after the desktop', {});
      assert.equal(await pullSince(handheld, 'camera'), '0');
      const { port } = through.gateway;
      await through.stop();
      through = await start(port);
      const [deskSince, handheldSince] = [
        await pullSince(desk, 'desktop'),
        await pullSince(handheld, 'camera'),
      ];
      assert.notEqual(deskSince, '0');
      assert.notEqual(handheldSince, '0');
      assert.notEqual(deskSince, handheldSince);
      assert.deepEqual(await snapshotOfPouch(desk), await snapshotOfPouch(handheld));
    });

    test('a checkpoint of the same name is another one for each device, and none for the upstream', async () => {
      const path = `/couch/${library}/_local/same.name`;
      const [desktop, camera] = [through.peer(pki.ada.desktop), through.peer(pki.ada.camera)];
      const put = await desktop.ask('PUT', path, { body: { _id: '_local/same.name', last_seq: 7 } });
      assert.equal(put.status, 201);
      assert.equal((await camera.ask('GET', path)).status, 404);
      assert.equal((await camera.ask('PUT', path, { body: { last_seq: 9 } })).status, 201);
      const mine = (await desktop.ask('GET', path)).json();
      assert.deepEqual(mine, { _id: '_local/same.name', _rev: '0-1', last_seq: 7 });
      assert.equal((await upstream.ask('GET', `/${library}/_local/same.name`)).status, 404);
    });

    test('names that mean something to JavaScript are names like any other', async () => {
      const hash = revisionHash('proto');
      // Written as text: in an object literal it would be something else.
      const post = async (path: string, body: string): Promise<string> => {
        const headers = { 'content-type': 'application/json' };
        const peer = through.peer(pki.ada.desktop);
        const reply = await peer.ask('POST', `/couch/${library}/${path}`, {
          headers,
          body: Buffer.from(body),
        });
        return reply.body.toString();
      };
      const asked = `{"__proto__":["1-${hash}"],"hasOwnProperty":["1-${hash}"]}`;
      const missing = await post('_revs_diff', asked);
      assert.deepEqual(Object.keys(JSON.parse(missing) as object).sort(), ['__proto__', 'hasOwnProperty']);
      const written = await post('_bulk_docs', '{"docs":[{"_id":"valueOf","tags":{"constructor":{"a":1}}}]}');
      assert.match(written, /"ok":true/);
      assert.match(
        await post('_bulk_get', '{"docs":[{"id":"valueOf"}]}'),
        /"tags":\{"constructor":\{"a":1\}\}/,
      );
    });
  });
}
