import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBlobId, type BlobId } from '../../../dist/core/ids.js';
import { callRpc } from '../../../dist/adapters/agent-socket/rpc-client.js';
import { LEAF_BYTES } from '../../../dist/core/skein/hashing.js';
import {
  createTestHome,
  failureOf,
  issueDevice,
  linesOf,
  patchcord,
  startPatchcord,
  startUp,
  type Line,
  type Result,
  type TestHome,
} from '../../kit/agent.js';
import { ask, get } from '../../kit/raw-client.js';
import { eventually } from '../../kit/until.js';
import { hashOf, pathOf, pattern, put } from '../files/temp-store.js';

function writeSource(home: TestHome, name: string, content: Uint8Array): string {
  const path = join(home.scratch, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const outcomesOf = ({ stdout }: Result): (Line & { path: string; outcome: string; id: BlobId })[] =>
  linesOf(stdout).filter((line): line is ReturnType<typeof outcomesOf>[number] => 'outcome' in line);

/** Every blob under files/, each of which has to be what its name says. */
function checkBlobs(home: TestHome): BlobId[] {
  const files = join(home.paths.store, '.dmedia/files');
  return readdirSync(files).flatMap((prefix) =>
    readdirSync(join(files, prefix)).map((rest) => {
      const id = parseBlobId(prefix + rest);
      assert.ok(id !== null, `${prefix}${rest} is no id`);
      assert.equal(hashOf(readFileSync(join(files, prefix, rest))).id, id);
      return id;
    }),
  );
}

/** What it looks at may be gone, or not there yet. */
function tryOr<Value>(look: () => Value, otherwise: Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

const tmpOf = (home: TestHome): string[] => readdirSync(join(home.paths.store, '.dmedia/tmp'));

test('import puts a file, its digests and its document in; a peer can read all of them', async (t) => {
  const home = createTestHome(t);
  const content = pattern(LEAF_BYTES + 5);
  const { id, digests } = hashOf(content);
  const path = writeSource(home, 'take-7.mov', content);
  const up = await startUp(home);

  const done = await patchcord(home, ['files', 'import', '--json', path]);
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(outcomesOf(done), [
    { path, outcome: 'stored', id, bytes: content.length, document: 'written' },
  ]);
  assert.deepEqual(readFileSync(pathOf(home.paths.store, id, 'leaves')), digests);
  assert.equal(statSync(pathOf(home.paths.store, id)).mode & 0o777, 0o444);
  assert.deepEqual(tmpOf(home), []);

  const device = issueDevice(home);
  const blob = await ask(up.port, device, get(`/files/${id}`));
  assert.ok(blob?.body.equals(content));
  const reply = await ask(up.port, device, get(`/couch/dmedia-0/${id}`));
  const document = JSON.parse(reply?.body.toString() ?? '') as Line;
  const storeFile = readFileSync(join(home.paths.store, '.dmedia/filestore.json'), 'utf8');
  const { _id: storeId } = JSON.parse(storeFile) as { _id: string };
  assert.equal(document['type'], 'dmedia/file');
  assert.equal(document['bytes'], content.length);
  assert.deepEqual(Object.keys(document['stored'] as object), [storeId]);
  const attachment = await ask(up.port, device, get(`/couch/dmedia-0/${id}/leaf_hashes`));
  assert.deepEqual(attachment?.body, digests);
});

test('the same content is noticed, under whichever name; an empty file is not stored', async (t) => {
  const home = createTestHome(t);
  const folder = join(home.scratch, 'in');
  const [one, two] = ['in/one', 'in/deeper/two'].map((name) =>
    writeSource(home, name, Buffer.from('the same')),
  );
  const empty = writeSource(home, 'in/void', Buffer.alloc(0));
  symlinkSync('/etc/hostname', join(folder, 'link'));

  const first = await patchcord(home, ['files', 'import', '--json', '--no-document', one ?? '']);
  assert.deepEqual(
    outcomesOf(first).map(({ outcome }) => outcome),
    ['stored'],
  );
  const all = await patchcord(home, ['files', 'import', '--json', '--no-document', folder]);
  assert.equal(all.code, 0);
  assert.deepEqual(
    new Map(outcomesOf(all).map(({ path, outcome }) => [path, outcome])),
    new Map([
      [two, 'present'],
      [one, 'present'],
      [empty, 'empty'],
    ]),
  );
  assert.equal(checkBlobs(home).length, 1);
});

test('import writes a document later for a file that is here already', async (t) => {
  const home = createTestHome(t);
  const path = writeSource(home, 'file', Buffer.from('first without'));
  assert.equal((await patchcord(home, ['files', 'import', '--no-document', path])).code, 0);
  await startUp(home);
  const outcomes = [];
  for (let times = 0; times < 2; times++) {
    const done = await patchcord(home, ['files', 'import', '--json', path]);
    const [line] = outcomesOf(done);
    const summary = linesOf(done.stdout).find(({ event }) => event === 'summary');
    outcomes.push([line?.outcome, line?.['document'], summary?.['documents']]);
  }
  assert.deepEqual(outcomes, [
    ['present', 'written', 1],
    ['present', 'present', 0],
  ]);
  const text = await patchcord(home, ['files', 'import', '--no-document', path]);
  assert.ok(text.stdout.endsWith('0 stored (0 B), 1 here already, of 1 file\n'), text.stdout);
});

test('without a running up the document cannot be written, and nothing is imported', async (t) => {
  const home = createTestHome(t);
  const path = writeSource(home, 'file', Buffer.from('content'));
  const refused = await patchcord(home, ['files', 'import', '--json', path]);
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'not-up');
  assert.deepEqual(checkBlobs(home), []);
  const done = await patchcord(home, ['files', 'import', '--json', '--no-document', path]);
  assert.equal(done.code, 0);
  assert.equal(checkBlobs(home).length, 1);
});

test('a database that is not there, or not granted, is refused before anything is imported', async (t) => {
  const home = createTestHome(t);
  const path = writeSource(home, 'file', Buffer.from('content'));
  const up = await startUp(home);
  const missing = await patchcord(home, ['files', 'import', '--json', '--database', 'dmedia-0-x', path]);
  assert.equal(missing.code, 66);
  assert.equal(failureOf(missing), 'no-database');
  const foreign = await patchcord(home, ['files', 'import', '--json', '--database', 'other', path]);
  assert.equal(foreign.code, 77);
  assert.equal(failureOf(foreign), 'not-granted');
  assert.deepEqual(checkBlobs(home), []);

  const add = (name: string) => patchcord(home, ['databases', 'add', name, '--json']);
  for (const [name, code, word] of [
    ['other', 77, 'not-granted'],
    ['patchcord-x', 77, 'not-granted'],
    ['Dmedia-0-x', 64, 'no-database-name'],
    ['_users', 64, 'no-database-name'],
  ] as const) {
    const refused = await add(name);
    assert.deepEqual([refused.code, failureOf(refused)], [code, word], name);
  }
  const fetched = await patchcord(home, ['files', 'fetch', '--json', '--database', 'dmedia-0-x']);
  assert.deepEqual([fetched.code, failureOf(fetched)], [66, 'no-database']);
  const pauseX = async () =>
    linesOf((await patchcord(home, ['pause', '--json', '--database', 'dmedia-0-x'])).stdout);
  assert.deepEqual((await pauseX())[0]?.['isKnown'], false);

  for (const isNew of [true, false])
    assert.deepEqual(linesOf((await add('dmedia-0-x')).stdout), [{ database: 'dmedia-0-x', isNew }]);
  assert.deepEqual(linesOf((await patchcord(home, ['databases', '--json'])).stdout), [
    { database: 'dmedia-0', access: 'write' },
    { database: 'dmedia-0-x', access: 'write' },
    { database: 'patchcord', access: 'write' },
  ]);
  const done = await patchcord(home, ['files', 'import', '--json', '--database', 'dmedia-0-x', path]);
  assert.equal(done.code, 0, done.stdout);
  await up.untilLine(
    (line) => line['event'] === 'databases' && String(line['databases']).includes('dmedia-0-x'),
  );
  assert.deepEqual((await pauseX())[0]?.['isKnown'], true);
  // What is paused has to be said; what is resumed without a word is all of it.
  assert.equal(failureOf(await patchcord(home, ['pause', '--json'])), 'pause-what');
  const resume = async () => linesOf((await patchcord(home, ['resume', '--json'])).stdout)[0]?.['isChanged'];
  assert.deepEqual([await resume(), await resume()], [true, false]);
  const nothing = await patchcord(home, ['files', 'fetch', '--json', '--database', 'dmedia-0-x']);
  assert.equal(nothing.code, 0, nothing.stdout);
  // What is made is the same to a peer: it may write there, and its documents have names.
  const { id } = hashOf(Buffer.from('content'));
  const reply = await ask(up.port, issueDevice(home), get(`/couch/dmedia-0-x/${id}`));
  assert.equal((JSON.parse(reply?.body.toString() ?? '') as Line)['name'], 'file');
});

test('paths that are not there are refused before anything is imported', async (t) => {
  const home = createTestHome(t);
  const path = writeSource(home, 'file', Buffer.from('content'));
  const missing = join(home.scratch, 'none');
  const refused = await patchcord(home, ['files', 'import', '--json', '--no-document', path, missing]);
  assert.equal(refused.code, 66);
  // Only a ~ that no shell has replaced comes with what to do.
  assert.ok(!refused.stdout.includes('"hint"'));
  const quoted = await patchcord(home, ['files', 'import', '--json', '--no-document', '~/Videos']);
  assert.deepEqual([quoted.code, quoted.stdout.includes('"hint"')], [66, true]);
  assert.ok(!existsSync(home.paths.home));
});

test('an import that is killed at any moment leaves no half blob, and goes on where it stopped', async (t) => {
  const home = createTestHome(t);
  const sources = Array.from({ length: 6 }, (_, index) =>
    writeSource(home, `in/${index}`, pattern(LEAF_BYTES * 2 + index, index)),
  );
  const args = ['files', 'import', '--json', '--no-document', join(home.scratch, 'in')];
  const entries = (folder: string): string[] =>
    readdirSync(join(home.paths.store, '.dmedia', folder), { recursive: true, encoding: 'utf8' });
  const written = (): number =>
    Math.max(0, ...tmpOf(home).map((name) => statSync(join(home.paths.store, '.dmedia/tmp', name)).size));
  // A folder and a file for each blob.
  const moments = [
    () => tmpOf(home).length > 0,
    () => written() > LEAF_BYTES,
    () => written() > 2 * LEAF_BYTES,
    ...[1, 2, 3].map((count) => () => entries('leaves').length >= 2 * count),
    ...[4, 5].map((count) => () => entries('files').length >= 2 * count),
  ];
  for (const isNow of moments) {
    const running = startPatchcord(home, args);
    const ended = running.ended.then(() => true as const);
    await Promise.race([ended, eventually(() => (tryOr(isNow, false) ? true : null))]);
    running.kill('SIGKILL');
    await ended;
    checkBlobs(home);
  }
  const done = await patchcord(home, args);
  assert.equal(done.code, 0, done.stdout);
  assert.equal(outcomesOf(done).length, sources.length);
  assert.equal(checkBlobs(home).length, sources.length);
  assert.deepEqual(tmpOf(home), []);
});

test('an import that is interrupted ends at once, and leaves nothing unfinished', async (t) => {
  const home = createTestHome(t);
  const path = writeSource(home, 'large', pattern(LEAF_BYTES * 24));
  const running = startPatchcord(home, ['files', 'import', '--json', '--no-document', path]);
  await eventually(() =>
    existsSync(join(home.paths.store, '.dmedia/tmp')) && tmpOf(home).length > 0 ? true : null,
  );
  running.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
  assert.deepEqual(tmpOf(home), []);
  assert.deepEqual(checkBlobs(home), []);
});

test('one command writes to a store at a time', async (t) => {
  const home = createTestHome(t);
  const large = writeSource(home, 'large', pattern(LEAF_BYTES * 24));
  const small = writeSource(home, 'small', Buffer.from('small'));
  const running = startPatchcord(home, ['files', 'import', '--json', '--no-document', large]);
  await eventually(() =>
    existsSync(join(home.paths.store, '.dmedia/tmp')) && tmpOf(home).length > 0 ? true : null,
  );
  const refused = await patchcord(home, ['files', 'import', '--json', '--no-document', small]);
  running.kill('SIGINT');
  await running.ended;
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'store-busy');
  assert.equal((await patchcord(home, ['files', 'import', '--no-document', small])).code, 0);
});

test('list tells every blob', async (t) => {
  const home = createTestHome(t);
  const paths = ['one', 'two'].map((name) => writeSource(home, name, Buffer.from(name)));
  await patchcord(home, ['files', 'import', '--no-document', ...paths]);
  const ids = ['one', 'two'].map((name) => hashOf(Buffer.from(name)).id).sort();
  const { code, stdout } = await patchcord(home, ['files', 'list', '--json']);
  assert.equal(code, 0);
  assert.deepEqual(
    linesOf(stdout)
      .map(({ id }) => id)
      .sort(),
    ids,
  );
  const text = await patchcord(home, ['files', 'list']);
  for (const id of ids) assert.ok(text.stdout.includes(id));
});

test('verify tells good files from bad ones, and moves the bad aside', async (t) => {
  const home = createTestHome(t);
  const [good, bad] = ['good', 'bad'].map((name) => hashOf(Buffer.from(name)).id) as [BlobId, BlobId];
  const paths = ['good', 'bad'].map((name) => writeSource(home, name, Buffer.from(name)));
  await patchcord(home, ['files', 'import', '--no-document', ...paths]);
  const before = await patchcord(home, ['files', 'verify', '--json']);
  assert.equal(before.code, 0);

  chmodSync(pathOf(home.paths.store, bad), 0o644);
  writeFileSync(pathOf(home.paths.store, bad), 'bae');
  const after = await patchcord(home, ['files', 'verify', '--json']);
  assert.equal(after.code, 65);
  assert.deepEqual(
    new Map(outcomesOf(after).map(({ id, outcome }) => [id, outcome])),
    new Map([
      [good, 'good'],
      [bad, 'corrupt'],
    ]),
  );
  assert.equal(readFileSync(join(home.paths.store, '.dmedia/corrupt', bad), 'utf8'), 'bae');
  assert.deepEqual(checkBlobs(home), [good]);

  for (const text of [good, good.slice(0, 8).toLowerCase()])
    assert.equal((await patchcord(home, ['files', 'verify', '--json', text])).code, 0, text);
  assert.equal((await patchcord(home, ['files', 'verify', '--json', bad])).code, 66);
  assert.equal((await patchcord(home, ['files', 'verify', '--json', 'good'])).code, 64);
  // It can be brought back.
  await patchcord(home, ['files', 'import', '--no-document', paths[1] ?? '']);
  assert.equal(checkBlobs(home).length, 2);
});

test('export gives the content back, never over something else unasked, and never a bad one', async (t) => {
  const home = createTestHome(t);
  const content = pattern(LEAF_BYTES + 1);
  const { id } = hashOf(content);
  await patchcord(home, ['files', 'import', '--no-document', writeSource(home, 'in', content)]);
  const target = join(home.scratch, 'out');

  assert.equal((await patchcord(home, ['files', 'export', '--json', id, target])).code, 0);
  assert.ok(readFileSync(target).equals(content));
  const again = await patchcord(home, ['files', 'export', '--json', id, target]);
  assert.equal(again.code, 73);
  assert.equal(failureOf(again), 'exists');
  writeFileSync(target, 'something else');
  const start = id.slice(0, 8);
  assert.equal((await patchcord(home, ['files', 'export', '--json', '--force', start, target])).code, 0);
  assert.ok(readFileSync(target).equals(content));

  // A beginning that is too short, that of none, and that of two.
  const twin = parseBlobId(start + (id.endsWith('A') ? 'B' : 'A').repeat(40)) as BlobId;
  put(home.paths.store, twin, Buffer.from('only its name is looked at'));
  for (const [text, code, word] of [
    [start.slice(0, 7), 64, 'no-id'],
    ['33333333', 66, 'no-file'],
    [start, 65, 'ambiguous-id'],
  ] as const) {
    const refused = await patchcord(home, ['files', 'export', '--json', '--force', text, target]);
    assert.deepEqual([refused.code, failureOf(refused)], [code, word], text);
  }

  chmodSync(pathOf(home.paths.store, id), 0o644);
  writeFileSync(pathOf(home.paths.store, id), content.fill(0, 7, 8));
  const names = readdirSync(home.scratch);
  const corrupt = await patchcord(home, ['files', 'export', '--json', id, join(home.scratch, 'bad')]);
  assert.equal(corrupt.code, 65);
  assert.equal(failureOf(corrupt), 'corrupt');
  assert.deepEqual(readdirSync(home.scratch), names);
  const unknown = hashOf(Buffer.from('x')).id;
  const missing = await patchcord(home, ['files', 'export', '--json', unknown, join(home.scratch, 'none')]);
  assert.equal(missing.code, 66);
});

test('stores tells where files are kept, and adds one; only stores of the configuration are written to', async (t) => {
  const home = createTestHome(t);
  const disk = join(home.scratch, 'disk');
  const path = writeSource(home, 'file', Buffer.from('content'));
  const refused = await patchcord(home, [
    'files',
    'import',
    '--json',
    '--no-document',
    '--store',
    disk,
    path,
  ]);
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'no-store');

  const added = await patchcord(home, ['files', 'stores', '--json', '--add', disk]);
  assert.equal(added.code, 0);
  const stores = linesOf(added.stdout);
  assert.deepEqual(
    stores.map(({ path: at }) => at),
    [home.paths.store, disk],
  );
  assert.match(String(stores[1]?.['storeId']), /^[3-9A-Y]{24}$/);
  const done = await patchcord(home, ['files', 'import', '--json', '--no-document', '--store', disk, path]);
  assert.equal(done.code, 0);
  assert.ok(existsSync(pathOf(disk, hashOf(Buffer.from('content')).id)));
});

test('list tells the names that documents of a project have, cleaned; without up there are none', async (t) => {
  const home = createTestHome(t);
  const [take, other] = ['take 7.mov', 'other'].map((name) => writeSource(home, name, Buffer.from(name)));
  const up = await startUp(home);
  const admin = (await callRpc(home.paths.socket, 'couchdb-admin')) as { username: string; password: string };
  const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
  const put = (path: string, body = '{}') =>
    fetch(`${up.ready.couchdb.url}${path}`, { method: 'PUT', headers: { authorization }, body });
  assert.equal((await put('dmedia-0-novel')).status, 201);
  await up.untilLine(
    (line) => line['event'] === 'databases' && String(line['databases']).includes('dmedia-0-novel'),
  );
  const imported = ['files', 'import', '--database', 'dmedia-0-novel', take ?? ''];
  assert.equal((await patchcord(home, imported)).code, 0);
  assert.equal((await patchcord(home, ['files', 'import', other ?? ''])).code, 0);
  const evil = hashOf(Buffer.from('other')).id;
  const document = { type: 'dmedia/file', name: 'a\u001b[2J\u202eb' };
  assert.equal((await put(`dmedia-0-novel/${evil}`, JSON.stringify(document))).status, 201);

  const namesOf = async () =>
    Object.fromEntries(
      linesOf((await patchcord(home, ['files', 'list', '--json'])).stdout).map(({ id, name }) => [id, name]),
    ) as Record<string, string | null>;
  const id = hashOf(Buffer.from('take 7.mov')).id;
  assert.deepEqual(await namesOf(), { [id]: 'take 7.mov', [evil]: 'a\ufffd[2J\ufffdb' });
  assert.ok((await patchcord(home, ['files', 'list'])).stdout.includes('  take 7.mov\n'));
  up.kill('SIGTERM');
  await up.ended;
  assert.deepEqual(await namesOf(), { [id]: null, [evil]: null });
});
