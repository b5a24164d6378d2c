// Documents, local documents and databases: what express-pouchdb gets wrong, put right.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { ADA, ADMIN, basic, startTestCouch, type TestCouch } from '../../kit/embedded-couch.js';

let server: TestCouch;
interface Written {
  readonly id: string;
  readonly rev: string;
}

before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA);
  await server.createDatabase('one', [ADA]);
});
after(() => server.close());

const ask = (method: string, path: string, body?: unknown) =>
  server.ask(method, path, { as: ADA, ...(body === undefined ? {} : { body }) });
const put = async (path: string, body: unknown): Promise<Written> => {
  const { status, body: written } = await ask('PUT', path, body);
  assert.equal(status, 201, JSON.stringify(written));
  return written as Written;
};

test('the server says that it is up, and what it is, to anyone', async () => {
  assert.deepEqual((await server.ask('GET', '/_up')).body, { status: 'ok' });
  const { body } = await server.ask('GET', '/');
  assert.equal((body as { couchdb: string }).couchdb, 'Welcome');
});

test('a database is made once, by the admin, under a plain name', async () => {
  const make = async (name: string) => (await server.ask('PUT', `/${name}`, { as: ADMIN })).status;
  assert.equal(await make('two'), 201);
  assert.equal(await make('two'), 412);
  for (const name of [
    'x%2Fy',
    'X',
    '9',
    '_secret',
    'pouch__all_dbs__',
    'a-mrview-b',
    'a'.repeat(239),
    '%2E%2E',
    'a.b',
  ])
    assert.ok([400, 404].includes(await make(name)), name);
  assert.equal(await make('a'.repeat(238)), 201);
  assert.equal(await make('x_$()%2B-y'), 201);
  const { body } = await server.ask('GET', '/x_%24()%2B-y', { as: ADMIN });
  assert.equal((body as { db_name: string }).db_name, 'x_$()+-y');
});

test('`x%2Fy` is not the database `xy`', async () => {
  await server.createDatabase('xy', [ADA]);
  assert.equal((await ask('GET', '/xy')).status, 200);
  assert.equal((await ask('GET', '/x%2Fy')).status, 400);
  assert.equal((await ask('PUT', '/x%2Fy/doc', {})).status, 400);
  assert.equal((await ask('GET', '/xy/doc')).status, 404);
});

test('a database that was deleted and made again is empty, and works', async () => {
  await server.createDatabase('again', [ADA]);
  await put('/again/doc', {});
  const rows = async () => ((await ask('GET', '/again/_all_docs')).body as { rows: object[] }).rows.length;
  assert.equal(await rows(), 1);
  assert.equal((await server.ask('DELETE', '/again', { as: ADMIN })).status, 200);
  assert.equal((await server.ask('DELETE', '/again', { as: ADMIN })).status, 404);
  await server.createDatabase('again', [ADA]);
  assert.equal((await ask('GET', '/again/doc')).status, 404);
  assert.equal(await rows(), 0);
  await put('/again/doc', {});
  assert.equal(await rows(), 1);
});

test('targets with two readings are refused', async () => {
  for (const path of [
    '/one//doc',
    '/one/doc/',
    '/one/a+b',
    '/one/%5Flocal/x',
    '/one/_design%2Fx',
    '/one/%00',
    '/one/%ff',
  ])
    assert.equal((await raw('GET', path)).status, 400, path);
  assert.equal((await raw('GET', '/one/')).status, 200);
});

/** A request whose target is sent as it is, and only its headers. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const { port } = server.couch;
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { authorization: basic(ADA), ...headers },
    });
    request.on('error', reject).on('response', (response) => {
      response.resume();
      request.destroy();
      resolve({ status: response.statusCode ?? 0 });
    });
    request.flushHeaders();
    if (method === 'GET') request.end();
  });
}

test('a document is written where its path says, and nowhere else', async () => {
  const { rev } = await put('/one/path', { text: 1 });
  assert.equal((await ask('PUT', '/one/path', { _id: 'other', _rev: rev })).status, 400);
  assert.equal((await ask('PUT', '/one/path?id=other', { _rev: rev })).status, 201);
  assert.equal((await ask('GET', '/one/other')).status, 404);
  const { status, body } = await ask('GET', '/one/path');
  assert.deepEqual([status, (body as { _id: string })._id], [200, 'path']);
});

test('ids that JavaScript has a meaning for are ids like others', async () => {
  for (const id of [
    '__proto__',
    'constructor',
    'a%2Fb',
    'ünïcode',
    'a b',
    '%22',
    "it's",
    '!*()'.replaceAll('', ''),
  ]) {
    if (id === '__proto__') continue;
    const { id: written } = await put(`/one/${encodeURIComponent(id)}`, { id });
    assert.equal(written, id);
    const { body } = await ask('GET', `/one/${encodeURIComponent(id)}`);
    assert.equal((body as { id: string }).id, id);
  }
});

test('an update names the revision that it replaces, in the body, the query or If-Match', async () => {
  const first = await put('/one/updated', {});
  assert.equal((await ask('PUT', '/one/updated', {})).status, 409);
  const second = await put('/one/updated', { _rev: first.rev });
  const third = await put(`/one/updated?rev=${second.rev}`, {});
  const headers = { 'if-match': `"${third.rev}"` };
  assert.equal((await server.ask('PUT', '/one/updated', { as: ADA, body: {}, headers })).status, 201);
  for (const rev of ['x', '1', '0-1', '1-a-b', ''])
    assert.equal((await ask('PUT', `/one/updated?rev=${rev}`, {})).status, 400);
});

test('a deletion names its revision: the winner is not meant by saying nothing', async () => {
  const { rev } = await put('/one/deleted', {});
  assert.equal((await ask('DELETE', '/one/deleted')).status, 409);
  assert.equal((await ask('DELETE', '/one/deleted?rev=1-aaaa')).status, 404);
  assert.equal((await ask('GET', '/one/deleted')).status, 200);
  assert.equal((await ask('DELETE', `/one/deleted?rev=${rev}`)).status, 200);
  assert.equal((await ask('GET', '/one/deleted')).status, 404);
});

test('new_edits=false stores the revision that is given, and answers with it', async () => {
  const body = { _rev: '3-ccc', _revisions: { start: 3, ids: ['ccc', 'bbb', 'aaa'] } };
  assert.deepEqual(await put('/one/forced?new_edits=false', body), { ok: true, id: 'forced', rev: '3-ccc' });
  assert.equal((await ask('PUT', '/one/forced?new_edits=false', {})).status, 400);
});

test('_bulk_get of nothing is nothing, and of each request its own answer, in order', async () => {
  const get = async (docs: unknown, query = '') =>
    (await ask('POST', `/one/_bulk_get${query}`, { docs })).body as {
      results: { id: string; docs: Record<string, object>[] }[];
    };
  assert.deepEqual(await get([]), { results: [] });
  await conflicting('both');
  const asked = [
    { id: 'both', rev: '2-b' },
    { id: 'none' },
    { id: 'both', rev: '2-a' },
    { id: 'both', rev: '9-z' },
    { id: 'both' },
  ];
  const { results } = await get(asked, '?revs=true');
  assert.deepEqual(
    results.map(({ id, docs }) => [id, docs.map((entry) => Object.keys(entry)[0])]),
    [
      ['both', ['ok']],
      ['none', ['error']],
      ['both', ['ok']],
      ['both', ['error']],
      ['both', ['ok', 'ok']],
    ],
  );
});

/** A document with two leaves, 2-a and 2-b, below 1-x. */
async function conflicting(id: string): Promise<void> {
  for (const leaf of ['a', 'b'])
    await put(`/one/${id}?new_edits=false`, {
      _rev: `2-${leaf}`,
      leaf,
      _revisions: { start: 2, ids: [leaf, 'x'] },
    });
}

test('`latest` gives the leaves of an older revision, and of one that is not there says so', async () => {
  const pid = server.pid();
  await conflicting('older');
  const { body } = await ask('GET', '/one/older?open_revs=["1-x","7-q"]&latest=true&revs=true');
  const entries = body as { ok?: { _rev: string }; missing?: string }[];
  assert.deepEqual(entries.flatMap(({ ok }) => ok?._rev ?? []).sort(), ['2-a', '2-b']);
  assert.deepEqual(
    entries.flatMap(({ missing }) => missing ?? []),
    ['7-q'],
  );
  const bulk = await ask('POST', '/one/_bulk_get?latest=true', {
    docs: [
      { id: 'older', rev: '7-q' },
      { id: 'nope', rev: '1-a' },
    ],
  });
  assert.equal(bulk.status, 200);
  assert.equal((await ask('GET', '/one/older?latest=true&rev=7-q')).status, 404);
  assert.equal(server.pid(), pid);
});

test('_revs_diff and _missing_revs tell what is not here', async () => {
  await conflicting('known');
  const asked = { known: ['2-a', '3-new'], unknown: ['1-a'], complete: [] };
  const withProto = JSON.stringify(asked).replace('{', '{"__proto__":["1-a"],');
  const { body: diff } = await ask('POST', '/one/_revs_diff', withProto);
  assert.equal(
    JSON.stringify(diff),
    '{"__proto__":{"missing":["1-a"]},"known":{"missing":["3-new"]},"unknown":{"missing":["1-a"]}}',
  );
  const { body: missing } = await ask('POST', '/one/_missing_revs', asked);
  assert.deepEqual(missing, { missing_revs: { known: ['3-new'], unknown: ['1-a'] } });
});

test('_local documents are kept by id and revision, and out of sight', async () => {
  const id = '_local/abc.DEF_~-=';
  const { id: written, rev } = await put(`/one/${id}`, { _id: id, seq: 5 });
  assert.deepEqual([written, rev], [id, '0-1']);
  assert.deepEqual((await ask('GET', `/one/${id}`)).body, { _id: id, _rev: '0-1', seq: 5 });
  assert.equal((await ask('PUT', `/one/${id}`, { seq: 6 })).status, 409);
  assert.equal((await ask('PUT', `/one/${id}`, { _id: '_local/other', _rev: '0-1' })).status, 400);
  assert.equal((await put(`/one/${id}`, { _id: id, _rev: '0-1', seq: 6 })).rev, '0-2');
  assert.doesNotMatch(JSON.stringify((await ask('GET', '/one/_all_docs')).body), /_local/);
  assert.equal((await ask('DELETE', `/one/${id}?rev=0-2`)).status, 200);
  assert.equal((await ask('GET', `/one/${id}`)).status, 404);
});

const MIB = 1024 * 1024;

test('a body is taken up to its limit and no further', async () => {
  const padded = (bytes: number): string => '{}'.padEnd(bytes);
  assert.equal((await ask('POST', '/one', padded(8 * MIB))).status, 201);
  assert.equal((await ask('POST', '/one', padded(8 * MIB + 1))).status, 413);
  // Said beforehand, it is refused before it comes; and bodies in chunks are counted.
  const length = { 'content-length': String(64 * MIB + 1) };
  assert.equal((await raw('PUT', '/one/doc/file', length)).status, 413);
  assert.equal((await raw('POST', '/one/_bulk_docs', length)).status, 413);
  assert.equal(await postChunks(8 * MIB + 1), 413);
});

/** The status of a body in chunks, of which the end is not sent. */
function postChunks(bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: basic(ADA) };
    const { port } = server.couch;
    const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/one', headers });
    request.on('error', reject).on('response', ({ statusCode = 0 }) => {
      request.destroy();
      resolve(statusCode);
    });
    for (let sent = 0; sent < bytes; sent += MIB)
      request.write(Buffer.alloc(Math.min(MIB, bytes - sent), ' '));
  });
}

test('a compressed body is refused', async () => {
  const headers = { 'content-encoding': 'gzip' };
  assert.equal((await server.ask('POST', '/one', { as: ADA, body: {}, headers })).status, 415);
});
