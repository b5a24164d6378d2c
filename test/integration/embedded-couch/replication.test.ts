// PouchDB's replicator, as the agent runs it, straight against the embedded server, as a user who is no admin.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADA, ADMIN, startTestCouch, type TestCouch } from '../../kit/embedded-couch.js';

interface Pouch {
  bulkDocs(
    docs: readonly object[],
    options?: { new_edits: boolean },
  ): Promise<{ id: string; rev: string; error?: unknown }[]>;
  get(id: string, options: { attachments: true; binary?: boolean }): Promise<Record<string, unknown>>;
  changes(options: { style: 'all_docs' }): Promise<{ results: Change[] }>;
  close(): Promise<void>;
}
interface Change {
  readonly id: string;
  readonly deleted?: true;
  readonly changes: { readonly rev: string }[];
}
interface Replicated {
  readonly status: string;
  readonly docs_written: number;
  readonly doc_write_failures: number;
}
interface PouchModule {
  new (name: string, options?: { auth: { username: string; password: string }; skip_setup: true }): Pouch;
  replicate(source: Pouch, target: Pouch, options?: { selector: object }): Promise<Replicated>;
}
const PouchDB = createRequire(import.meta.url)('pouchdb') as PouchModule;

const DOCUMENTS = 1_000;
const WITHOUT_DESIGN = { selector: { _id: { $regex: '^[^_]' } } };

let server: TestCouch;
let folder: string;
before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA);
  folder = await mkdtemp(join(tmpdir(), 'patchcord-pouch-'));
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const remote = (name: string): Pouch =>
  new PouchDB(`${server.couch.url}${name}`, { auth: { ...ADA }, skip_setup: true });
const local = (name: string): Pouch => new PouchDB(join(folder, name));

/** Documents, of which some have attachments, some are in conflict, and some deleted. */
async function fill(pouch: Pouch): Promise<void> {
  const docs = Array.from({ length: DOCUMENTS }, (_, n) => ({
    _id: `doc-${String(n).padStart(4, '0')}`,
    n,
    text: 'x'.repeat(n),
    ...(n % 20 === 0 ? { _attachments: attachments(n) } : {}),
  }));
  const written = await pouch.bulkDocs(docs);
  const gone = written
    .filter((_, n) => n % 10 === 3)
    .map(({ id, rev }) => ({ _id: id, _rev: rev, _deleted: true }));
  await pouch.bulkDocs(gone);
  const forks = written
    .filter((_, n) => n % 10 === 7)
    .map(({ id }) => ({ _id: id, _rev: '1-fork', fork: true }));
  await pouch.bulkDocs(forks, { new_edits: false });
}

const attachments = (n: number): object => ({
  'small.txt': { content_type: 'text/plain', data: Buffer.from(`text ${n}`).toString('base64') },
  'larger.bin': { content_type: 'application/octet-stream', data: randomBytes(68_400).toString('base64') },
});

/** What a database holds: each document's leaves, and whether it is deleted; the documents with attachments whole. */
async function contentOf(pouch: Pouch): Promise<unknown> {
  const { results } = await pouch.changes({ style: 'all_docs' });
  const leaves = results
    .map(({ id, deleted, changes }) => [id, deleted === true, changes.map(({ rev }) => rev).sort()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const live = leaves.filter(([id, deleted]) => !deleted && id.endsWith('0')).slice(0, 50);
  const whole = await Promise.all(live.map(([id]) => pouch.get(id, { attachments: true })));
  return { leaves, whole };
}

test('a thousand documents go in and out again as they were', async () => {
  await server.createDatabase('copy', [ADA]);
  await server.ask('PUT', '/copy/_design/app', { as: ADMIN, body: {} });
  const source = local('source');
  await fill(source);
  const pushed = await PouchDB.replicate(source, remote('copy'));
  assert.deepEqual([pushed.status, pushed.doc_write_failures], ['complete', 0]);
  assert.ok(pushed.docs_written >= DOCUMENTS);
  const target = local('target');
  const pulled = await PouchDB.replicate(remote('copy'), target, WITHOUT_DESIGN);
  assert.deepEqual([pulled.status, pulled.doc_write_failures], ['complete', 0]);
  assert.deepEqual(await contentOf(target), await contentOf(source));
  // The checkpoints hold: nothing is sent twice.
  assert.equal((await PouchDB.replicate(source, remote('copy'))).docs_written, 0);
  assert.equal((await PouchDB.replicate(remote('copy'), target, WITHOUT_DESIGN)).docs_written, 0);
  await Promise.all([source.close(), target.close()]);
});

test('from one of its databases to another, as the agent pulls from a peer', async () => {
  for (const name of ['here', 'there']) await server.createDatabase(name, [ADA]);
  await fill(remote('there'));
  const { doc_write_failures: failures } = await PouchDB.replicate(
    remote('there'),
    remote('here'),
    WITHOUT_DESIGN,
  );
  assert.equal(failures, 0);
  assert.deepEqual(await contentOf(remote('here')), await contentOf(remote('there')));
});

test('a design document of a member does not enter, and what is beside it does', async () => {
  await server.createDatabase('guarded', [ADA]);
  const source = local('designs');
  await source.bulkDocs([{ _id: '_design/evil', views: {} }, { _id: 'harmless' }]);
  const { doc_write_failures: failures } = await PouchDB.replicate(source, remote('guarded'));
  assert.equal(failures, 1);
  const { body } = await server.ask('GET', '/guarded/_all_docs', { as: ADMIN });
  assert.deepEqual(
    (body as { rows: { id: string }[] }).rows.map(({ id }) => id),
    ['harmless'],
  );
  await source.close();
});

test('who is no member replicates nothing', async () => {
  await server.createDatabase('closed', []);
  await server.ask('PUT', '/closed/_security', { as: ADMIN, body: { members: { roles: ['others'] } } });
  const source = local('outside');
  await source.bulkDocs([{ _id: 'doc' }]);
  await assert.rejects(PouchDB.replicate(source, remote('closed')), { status: 403 });
  await assert.rejects(PouchDB.replicate(remote('closed'), source), { status: 403 });
  await source.close();
});
