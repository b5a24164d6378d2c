// A database through the gateway is the database: what is read, written and refused is what the upstream itself
// would say to the same user, byte for byte. What the gateway answers itself is at the end.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { before, suite, test } from 'node:test';
import { createEnding } from '../../kit/ending.js';
import { startCouchGateway, type CouchGateway } from '../../kit/household.js';
import { createDirectClient, type Client, type Peer, type PeerReply } from '../../kit/peer.js';
import { createTestPki } from '../../kit/pki.js';
import {
  basicOf,
  startUpstream,
  UPSTREAM_KINDS,
  type TestUpstream,
  type UpstreamKind,
} from '../../kit/upstreams.js';
import {
  attachment,
  DMEDIA_ATTACHMENT_BYTES,
  documentsWithHistory,
  noise,
  ODD_ATTACHMENT_NAMES,
  ODD_IDS,
  revisionHash,
} from './library.js';

const pki = createTestPki();
const encode = encodeURIComponent;
/** "." and ".." are no segments of a path to anyone but CouchDB. */
const READABLE_IDS = ODD_IDS.filter((id) => !/^\.\.?$/.test(id));
const WITHOUT_DESIGN = { _id: { $regex: '^[^_]' } };

const DESIGN = {
  _id: '_design/odd',
  views: { byLength: { map: 'function (doc) { emit(doc._id.length, doc.odd); }', reduce: '_count' } },
};

interface Case {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** A leaf of a document that has several. */
const REV = String(documentsWithHistory()[0]?._rev);

/** Below the database. */
const READS: readonly Case[] = [
  { path: '' },
  { path: '/' },
  { path: '', method: 'HEAD' },
  { path: '/_all_docs' },
  { path: '/_all_docs?include_docs=true&conflicts=true&limit=7&descending=true' },
  { path: `/_all_docs?startkey=${encode('"a"')}&endkey=${encode('"c"')}&inclusive_end=false` },
  { path: `/_all_docs?keys=${encode('["a/b/c","a+b","nowhere"]')}` },
  { path: '/_all_docs', method: 'POST', body: { keys: ['a/b/c', '日本語', 'nowhere'] } },
  { path: '/_changes?style=all_docs' },
  { path: '/_changes?include_docs=true&limit=1000&descending=true' },
  { path: '/_changes?filter=_doc_ids', method: 'POST', body: { doc_ids: ['a b', 'conflict-0000'] } },
  { path: '/_changes?filter=_selector', method: 'POST', body: { selector: WITHOUT_DESIGN } },
  { path: '/_changes?filter=_design' },
  ...READABLE_IDS.map((id) => ({ path: `/${encode(id)}` })),
  { path: `/${encode('a/b/c')}`, method: 'HEAD' },
  { path: '/conflict-0000?conflicts=true&revs_info=true' },
  {
    path: `/conflict-0000?revs=true&open_revs=${encode(JSON.stringify([REV]))}`,
    headers: { accept: 'application/json' },
  },
  { path: `/conflict-0000?rev=${REV}&revs=true` },
  { path: '/conflict-0000?rev=nonsense' },
  { path: '/deleted-0000' },
  { path: '/nowhere' },
  { path: '/nowhere', method: 'HEAD' },
  { path: '/_design/odd' },
  { path: '/_design/odd', method: 'HEAD' },
  { path: '/_design/odd/_view/byLength?reduce=false&include_docs=true' },
  { path: '/_design/odd/_view/byLength?group=true' },
  { path: '/_design/odd/_view/byLength?reduce=false', method: 'POST', body: { keys: [3, 5] } },
  { path: '/_design/odd/_view/nowhere' },
  { path: '/_find', method: 'POST', body: { selector: { odd: true }, fields: ['_id'], limit: 5 } },
  { path: '/_explain', method: 'POST', body: { selector: { odd: true } } },
  {
    path: '/_bulk_get?revs=true',
    method: 'POST',
    body: { docs: [{ id: 'a+b' }, { id: 'conflict-0000', rev: REV }] },
  },
  {
    path: '/_bulk_get?attachments=true',
    method: 'POST',
    body: { docs: [{ id: 'attachments' }, { id: 'nowhere' }] },
  },
  { path: '/_revs_diff', method: 'POST', body: { 'a+b': [`1-${revisionHash('x')}`] } },
  { path: '/_missing_revs', method: 'POST', body: { 'a+b': [`1-${revisionHash('x')}`] } },
  { path: '/_ensure_full_commit', method: 'POST', headers: { 'content-type': 'application/json' } },
  ...ODD_ATTACHMENT_NAMES.flatMap((name) => [
    { path: `/attachments/${encode(name)}` },
    { path: `/attachments/${name.split('/').map(encode).join('/')}` },
  ]),
  { path: '/attachments/plain.bin', method: 'HEAD' },
  { path: '/attachments/plain.bin', headers: { range: 'bytes=5-99' } },
  { path: '/attachments/plain.bin', headers: { range: 'bytes=99999-' } },
  { path: '/attachments/nowhere' },
  { path: '/attachments?attachments=true', headers: { accept: 'application/json' } },
  { path: '/attachments/dmedia' },
  { path: '/attachments/notes.txt' },
];

/** The embedded server has no event source. */
const FEEDS = {
  embedded: ['continuous', 'longpoll'],
  couchdb: ['continuous', 'longpoll', 'eventsource'],
} as const satisfies Record<UpstreamKind, readonly string[]>;

const SEEN_HEADERS = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag'];

const seen = ({ status, headers, body }: PeerReply) => ({
  status,
  headers: Object.fromEntries(SEEN_HEADERS.map((name) => [name, headers[name]])),
  body: body.toString('latin1'),
});

interface Row {
  readonly id: string;
  readonly changes: unknown;
  readonly doc?: unknown;
}

/** CouchDB's shards come in any order, and each order has sequences of its own. */
function seenChanges(reply: PeerReply) {
  const { results } = reply.json() as { readonly results: readonly Row[] };
  const rows = results.map(({ id, changes, doc }) => ({ id, changes, doc }));
  return { ...seen(reply), body: rows.sort((one, other) => (one.id < other.id ? -1 : 1)) };
}

/** CouchDB's sizes change while it tidies up. */
function seenInfo(reply: PeerReply) {
  const body = reply.body.toString().replace(/"sizes":\{[^}]*\}/, '');
  return { status: reply.status, type: reply.headers['content-type'], body };
}

const readingOf = (path: string): ((reply: PeerReply) => object) => {
  if (path.startsWith('/_changes')) return seenChanges;
  return path === '' || path === '/' ? seenInfo : seen;
};

for (const kind of UPSTREAM_KINDS) {
  suite(`a database through the gateway (${kind})`, () => {
    const ending = createEnding();
    let upstream: TestUpstream;
    let database: string;
    let through: CouchGateway;
    let peer: Peer;
    let direct: Client;

    before(async () => {
      upstream = await startUpstream(kind);
      ending.add(() => upstream.close());
      const login = await upstream.createUser('own');
      database = await upstream.createDatabase('dmedia-0', { admins: [login] });
      const databases = [{ name: database, access: 'write', query: true, design: true }];
      through = await startCouchGateway({ pki, url: upstream.url, login, databases });
      ending.add(() => through.stop());
      peer = through.peer(pki.ada.desktop);
      direct = createDirectClient(upstream.port, basicOf(login));
      ending.add(() => direct.close());
      await fill();
    });

    async function fill(): Promise<void> {
      const _attachments = Object.fromEntries([
        ...ODD_ATTACHMENT_NAMES.map((name) => [name, attachment(noise(777, name))]),
        ['dmedia', attachment(noise(DMEDIA_ATTACHMENT_BYTES, 'dmedia'))],
        ['notes.txt', attachment(Buffer.from('a note\n'.repeat(100)), 'text/plain')],
      ]) as object;
      const docs = [
        ...ODD_IDS.map((_id) => ({ _id, odd: true })),
        { _id: 'attachments', _attachments },
        DESIGN,
      ];
      await upstream.ask('POST', `/${database}/_bulk_docs`, { docs });
      await upstream.ask('POST', `/${database}/_bulk_docs`, {
        docs: documentsWithHistory(),
        new_edits: false,
      });
    }

    for (const { path, method = 'GET', headers, body } of READS) {
      const bearing = headers === undefined ? '' : ` ${JSON.stringify(headers)}`;
      test(`${method} {db}${path}${bearing} is answered as it is directly`, async () => {
        const request = { ...(headers && { headers }), ...(body !== undefined && { body }) };
        const expected = await direct.ask(method, `/${database}${path}`, request);
        const reply = await peer.ask(method, `/couch/${database}${path}`, request);
        const read = readingOf(path);
        assert.deepEqual(read(reply), read(expected));
      });
    }

    test('what has not changed is 304', async () => {
      for (const path of ['a%2Bb', '_design/odd', 'attachments/plain.bin']) {
        const target = `/couch/${database}/${path}`;
        const etag = String((await peer.ask('GET', target)).headers.etag);
        const headers = { 'if-none-match': etag };
        const reply = await peer.ask('GET', target, { headers });
        const expected = await direct.ask('GET', `/${database}/${path}`, { headers });
        assert.deepEqual(seen(reply), seen(expected));
        assert.equal(reply.status, expected.status);
      }
    });

    test('what is written through it is there, and what conflicts is refused', async () => {
      const target = `/couch/${database}/written%20now`;
      const put = (query: string, body: object) => peer.ask('PUT', target + query, { body });
      const first = (await put('', { n: 1 })).json() as { readonly ok: boolean; readonly rev: string };
      assert.equal(first.ok, true);
      assert.equal((await put('', { n: 2 })).status, 409);
      assert.equal((await peer.ask('DELETE', target)).status, 409);
      const second = (await put(`?rev=${first.rev}`, { n: 2 })).json() as typeof first;
      const bytes = { body: noise(DMEDIA_ATTACHMENT_BYTES, 'now'), headers: { 'content-type': 'image/png' } };
      const third = await peer.ask('PUT', `${target}/a/b%20c%2Bd.png?rev=${second.rev}`, bytes);
      assert.equal(third.status, 201);
      const reread = await direct.ask('GET', `/${database}/written%20now/a/b%20c%2Bd.png`);
      assert.deepEqual(reread.body, bytes.body);
      const { rev } = third.json() as typeof first;
      const gone = await peer.ask('DELETE', `${target}/a/b%20c%2Bd.png?rev=${rev}`);
      assert.equal(gone.status, 200);
      const last = (gone.json() as typeof first).rev;
      assert.equal((await peer.ask('DELETE', `${target}?rev=${last}`)).status, 200);
      assert.equal((await direct.ask('GET', `/${database}/written%20now`)).status, 404);
      assert.equal((await peer.ask('POST', `/couch/${database}`, { body: { _id: 'posted' } })).status, 201);
    });

    test('what the gateway answers itself', async () => {
      const made = await peer.ask('PUT', `/couch/${database}/`);
      assert.equal(made.status, 412);
      assert.equal((made.json() as { error: string }).error, 'file_exists');
      assert.deepEqual((await peer.ask('GET', '/couch/_all_dbs')).json(), [database]);
      assert.deepEqual((await peer.ask('GET', '/couch/_up')).json(), { status: 'ok' });
      const welcome = (await peer.ask('GET', '/couch/')).json() as Record<string, unknown>;
      assert.deepEqual(Object.keys(welcome).sort(), ['couchdb', 'vendor', 'version']);
      const { version } = (await direct.ask('GET', '/')).json() as Record<string, unknown>;
      assert.equal(welcome['version'], version);
      assert.equal((await peer.ask('POST', '/couch/_session')).status, 404);
    });

    test('feeds beat, and tell of what changes', async () => {
      const feeds = await Promise.all(
        FEEDS[kind].map(async (feed) => {
          const query = `feed=${feed}&since=now&heartbeat=1000`;
          const reply = await peer.open('GET', `/couch/${database}/_changes?${query}`);
          return { reply, lines: createInterface({ input: reply })[Symbol.asyncIterator]() };
        }),
      );
      const beats = await Promise.all(feeds.map(({ lines }) => lines.next()));
      for (const { value } of beats) assert.doesNotMatch(String(value), /"id"/);
      assert.equal((await direct.ask('PUT', `/${database}/changed`, { body: {} })).status, 201);
      for (const { reply, lines } of feeds) {
        for (let line = ''; !line.includes('"id":"changed"');) line = String((await lines.next()).value);
        reply.destroy();
      }
    });
  });
}
