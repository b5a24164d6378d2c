// The requests that CouchDB 3.5's replicator was seen to send, one by one: so that what it needs is known to work
// where there is no CouchDB to run it.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { startCouchGateway } from '../../kit/household.js';
import type { Peer, PeerReply } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import { startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';
import { DMEDIA_ATTACHMENT_BYTES, noise, revisionHash } from './library.js';

const pki = createTestPki();
const CHECKPOINT = '_local/9bd3b4cab60c68c95a4e5e6a8d21c9f3';
const REV = `1-${revisionHash('first')}`;
const BYTES = noise(DMEDIA_ATTACHMENT_BYTES, 'dmedia');
const JSON_TYPE = { 'content-type': 'application/json' };

/** A document with its attachment beside it, as the replicator writes it. */
function related(boundary: string): Buffer {
  const document = {
    _id: 'dmedia',
    _rev: REV,
    _revisions: { start: 1, ids: [revisionHash('first')] },
    _attachments: {
      'proxy.bin': { content_type: 'image/jpeg', revpos: 1, follows: true, length: BYTES.length },
    },
  };
  const head = `--${boundary}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(document)}\r\n--${boundary}\r\n`;
  const part = `Content-Disposition: attachment; filename="proxy.bin"\r\nContent-Length: ${BYTES.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head + part), BYTES, Buffer.from(`\r\n--${boundary}--`)]);
}

for (const kind of UPSTREAM_KINDS) {
  suite(`the requests of CouchDB's replicator (${kind})`, () => {
    const ending = createEnding();
    let upstream: TestUpstream;
    let base: string;
    let peer: Peer;

    before(async () => {
      upstream = await startUpstream(kind);
      ending.add(() => upstream.close());
      const login = await upstream.createUser('own');
      const database = await upstream.createDatabase('dmedia-0', { admins: [login] });
      const databases = [{ name: database, access: 'write', design: true }];
      const through = await startCouchGateway({ pki, url: upstream.url, login, databases });
      ending.add(() => through.stop());
      base = `/couch/${database}`;
      peer = through.peer(pki.ada.desktop);
    });

    async function expect(status: number, reply: Promise<PeerReply>): Promise<PeerReply> {
      const answered = await reply;
      assert.equal(answered.status, status, answered.body.toString());
      return answered;
    }

    test('pushing', async () => {
      const post = (path: string, body?: unknown) =>
        peer.ask('POST', base + path, { body, headers: JSON_TYPE });
      await expect(404, peer.ask('POST', '/couch/_session', { body: { name: 'patchcord', password: 'x' } }));
      await expect(412, peer.ask('PUT', `${base}/`));
      await expect(200, peer.ask('GET', `${base}/`));
      await expect(404, peer.ask('GET', `${base}/${CHECKPOINT}`));
      const diff = await expect(200, post('/_revs_diff', { dmedia: [REV], '_design/x': [REV] }));
      assert.deepEqual(diff.json(), { dmedia: { missing: [REV] }, '_design/x': { missing: [REV] } });
      const type = { 'content-type': 'multipart/related; boundary="5f3"' };
      await expect(
        201,
        peer.ask('PUT', `${base}/dmedia?new_edits=false`, { body: related('5f3'), headers: type }),
      );
      const _revisions = { start: 1, ids: [revisionHash('first')] };
      const design = { _id: '_design/x', _rev: REV, _revisions, views: {} };
      await expect(201, peer.ask('PUT', `${base}/_design/x?new_edits=false`, { body: design }));
      const docs = [{ _id: 'plain', _rev: REV, _revisions }];
      const written = await expect(201, post('/_bulk_docs', { docs, new_edits: false }));
      assert.deepEqual(written.json(), []);
      await expect(201, post('/_ensure_full_commit'));
      const checkpoint = { _id: CHECKPOINT, source_last_seq: 3 };
      await expect(201, peer.ask('PUT', `${base}/${CHECKPOINT}`, { body: checkpoint }));
    });

    test('pulling', async () => {
      const get = (path: string, accept = 'application/json') =>
        peer.ask('GET', base + path, { headers: { accept } });
      const checkpoint = await expect(200, get(`/${CHECKPOINT}`));
      assert.equal((checkpoint.json() as Record<string, unknown>)['source_last_seq'], 3);
      const changes = await expect(200, get('/_changes?feed=normal&style=all_docs&since=0&timeout=10000'));
      const { results } = changes.json() as { results: readonly { id: string }[] };
      assert.deepEqual(results.map(({ id }) => id).sort(), ['_design/x', 'dmedia', 'plain']);
      const query = 'latest=true&revs=true&attachments=false';
      const body = { docs: [{ id: 'plain', rev: REV, atts_since: [] }] };
      const got = await expect(200, peer.ask('POST', `${base}/_bulk_get?${query}`, { body }));
      assert.match(got.body.toString(), new RegExp(`"_rev":"${REV}"`));
      const revisions = `revs=true&open_revs=${encodeURIComponent(JSON.stringify([REV]))}&latest=true`;
      for (const id of ['_design/x', 'dmedia']) {
        const mixed = await expect(200, get(`/${id}?${revisions}`, 'multipart/mixed'));
        assert.match(String(mixed.headers['content-type']), /^multipart\/mixed; *boundary=/);
        assert.equal(mixed.body.includes(BYTES), id === 'dmedia');
      }
    });
  });
}
