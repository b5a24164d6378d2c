// `files: { referencedIn }`: a blob is served only where a live document names it. To whoever may not have it, one
// that is here and one that is not are the same 404, byte for byte.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import type { BlobId } from '../../../dist/core/ids.js';
import { tlsOf } from '../../kit/env.js';
import { startCouchGateway } from '../../kit/household.js';
import { createTestPki } from '../../kit/pki.js';
import { connectRaw, get, parseReply } from '../../kit/raw-client.js';
import { startStreamingUpstream } from '../../kit/streaming-upstream.js';
import { startUpstream, UPSTREAM_KINDS } from '../../kit/upstreams.js';
import { hashOf, makeStore, pattern, put } from '../files/temp-store.js';

const pki = createTestPki();
const POLL_MS = 50;

interface Blob {
  readonly id: BlobId;
  readonly bytes: Buffer;
}

const blobOf = (seed: number): Blob => {
  const bytes = pattern(5000, seed);
  return { id: hashOf(bytes).id, bytes };
};

const NAMED = blobOf(1);
const NAMED_IN_OTHER = blobOf(2);
const UNNAMED = blobOf(3);
const DELETED = blobOf(4);
const NAMED_ELSEWHERE = blobOf(5);
const HERE = [NAMED, NAMED_IN_OTHER, UNNAMED, DELETED, NAMED_ELSEWHERE];
const NAMED_BUT_NOT_HERE = blobOf(6);
const NOWHERE = blobOf(7);

/** Everything that the gateway sends for one request, but for the time. */
async function rawReply(port: number, request: string): Promise<string> {
  const client = connectRaw(port, tlsOf(pki.ada.desktop));
  client.write(request);
  const method = request.split(' ')[0] ?? '';
  const received = await client.until((bytes) => parseReply(bytes, method) !== null);
  client.socket.destroy();
  return received.toString('latin1').replace(/^date: .*\r\n/im, '');
}

for (const kind of UPSTREAM_KINDS) {
  test(`blobs that documents name (${kind})`, async (t) => {
    const upstream = await startUpstream(kind);
    t.after(() => upstream.close());
    const login = await upstream.createUser('own');
    const [project, other, elsewhere] = [
      await upstream.createDatabase('dmedia-0-project', { members: [login] }),
      await upstream.createDatabase('dmedia-0-other', { members: [login] }),
      await upstream.createDatabase('dmedia-0-elsewhere', { members: [login] }),
    ];
    const store = makeStore(t);
    for (const { id, bytes } of HERE) put(store, id, bytes);
    const through = await startCouchGateway({
      pki,
      url: upstream.url,
      login,
      databases: [project, other, elsewhere].map((database) => ({ name: database, access: 'read' })),
      files: { referencedIn: [project, other] },
      stores: [store],
    });
    t.after(() => through.stop());
    const peer = through.peer(pki.ada.desktop);

    const name = async (database: string, { id }: Blob, body: object = {}): Promise<string> => {
      const written = await upstream.ask('PUT', `/${database}/${id}`, body);
      assert.equal(written.status, 201);
      return (written.body as { rev: string }).rev;
    };
    const remove = (database: string, { id }: Blob, rev: string) =>
      upstream.ask('DELETE', `/${database}/${id}?rev=${rev}`);

    await name(project, NAMED);
    await name(project, NAMED_BUT_NOT_HERE);
    await name(other, NAMED_IN_OTHER);
    await name(elsewhere, NAMED_ELSEWHERE);
    await remove(project, DELETED, await name(project, DELETED));
    let deletedRev = '';

    await t.test('a blob that a live document names is served, whichever database names it', async () => {
      for (const { id, bytes } of [NAMED, NAMED_IN_OTHER]) {
        const reply = await peer.ask('GET', `/files/${id}`);
        assert.equal(reply.status, 200);
        assert.deepEqual(reply.body, bytes);
      }
      const leaves = await peer.ask('GET', `/files/${NAMED.id}/leaves`);
      assert.deepEqual(leaves.body, hashOf(NAMED.bytes).digests);
    });

    await t.test('what may not be had and what is not here are the same 404, byte for byte', async () => {
      const { port } = through.gateway;
      const requests = ({ id }: Blob): string[] => [
        get(`/files/${id}`),
        get(`/files/${id}`, 'Range: bytes=0-0\r\n'),
        get(`/files/${id}`, `If-None-Match: "${id}"\r\n`),
        get(`/files/${id}`, 'Range: bytes=999999-\r\n'),
        get(`/files/${id}/leaves`),
        get(`/files/${id}`).replace('GET', 'HEAD'),
      ];
      const repliesTo = (blob: Blob) => Promise.all(requests(blob).map((request) => rawReply(port, request)));
      const expected = await repliesTo(NOWHERE);
      assert.match(expected[0] ?? '', /^HTTP\/1\.1 404 /);
      for (const blob of [UNNAMED, DELETED, NAMED_ELSEWHERE, NAMED_BUT_NOT_HERE])
        assert.deepEqual(await repliesTo(blob), expected);
    });

    await t.test('have tells of those that are here and may be had, in the order asked', async () => {
      const asked = [NOWHERE, NAMED_IN_OTHER, UNNAMED, NAMED_BUT_NOT_HERE, DELETED, NAMED, NAMED_ELSEWHERE];
      const reply = await peer.ask('POST', '/files/have', { body: { ids: asked.map(({ id }) => id) } });
      assert.deepEqual(reply.json(), { have: [NAMED_IN_OTHER.id, NAMED.id] });
    });

    await t.test('a document that comes makes its blob available; one that goes takes it away', async () => {
      const path = `/files/${UNNAMED.id}`;
      const statusNow = async (): Promise<number> => {
        await through.gateway.call('reload', {});
        return (await peer.ask('GET', path)).status;
      };
      assert.equal(await statusNow(), 404);
      const rev = await name(project, UNNAMED);
      // Without a reload too, before long.
      while ((await peer.ask('GET', path)).status !== 200) await delay(POLL_MS);
      await remove(project, UNNAMED, rev);
      assert.equal(await statusNow(), 404);
      deletedRev = await name(project, UNNAMED, { again: true });
      assert.equal(await statusNow(), 200);
    });

    await t.test('a document with a deleted branch beside a live one is live', async () => {
      const branch = { _id: UNNAMED.id, _rev: `1-${'f'.repeat(32)}`, _deleted: true };
      await upstream.ask('POST', `/${project}/_bulk_docs`, { docs: [branch], new_edits: false });
      await through.gateway.call('reload', {});
      assert.equal((await peer.ask('GET', `/files/${UNNAMED.id}`)).status, 200);
      await remove(project, UNNAMED, deletedRev);
      await through.gateway.call('reload', {});
      assert.equal((await peer.ask('GET', `/files/${UNNAMED.id}`)).status, 404);
    });
  });
}

test('where the database cannot be asked, nobody learns what is here', async (t) => {
  const upstream = await startStreamingUpstream();
  await upstream.close();
  const store = makeStore(t);
  put(store, NAMED.id, NAMED.bytes);
  const through = await startCouchGateway({
    pki,
    url: upstream.url,
    login: { username: 'patchcord-own', password: 'own-password-of-the-test' },
    databases: [{ name: 'dmedia-0', access: 'read' }],
    files: { referencedIn: ['dmedia-0'] },
    stores: [store],
  });
  t.after(() => through.stop());
  const { port } = through.gateway;
  const [here, nowhere] = [
    await rawReply(port, get(`/files/${NAMED.id}`)),
    await rawReply(port, get(`/files/${NOWHERE.id}`)),
  ];
  assert.match(here, /^HTTP\/1\.1 503 /);
  assert.equal(here, nowhere);
});
