// Who may do what: nobody without credentials, no one in a database that was not opened, members no more than members.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ADA,
  ADMIN,
  GRACE,
  startTestCouch,
  type Answered,
  type Asked,
  type TestCouch,
} from '../../kit/embedded-couch.js';

let server: TestCouch;
const WRONG = { username: ADMIN.username, password: 'guess' };
const DOCUMENT = { _id: 'doc', text: 'x' };

before(async () => {
  server = await startTestCouch();
  await server.addUser(ADA, ['crew']);
  await server.addUser(GRACE);
  await server.createDatabase('shared', [ADA]);
  await server.ask('PUT', '/shared/doc', { as: ADA, body: DOCUMENT });
  await server.ask('PUT', '/shared/doc2/note.txt', { as: ADA, body: 'text' });
  await server.ask('PUT', '/shared/_design/app', {
    as: ADMIN,
    body: { views: { all: { map: 'function (doc) { emit(doc._id); }' } } },
  });
});
after(() => server.close());

const session = async (asked: Asked) =>
  (await server.ask('GET', '/_session', asked)).body as { userCtx: unknown };

test('the session tells who is there: the admin, a user with roles, nobody', async () => {
  assert.deepEqual((await session({ as: ADMIN })).userCtx, { name: ADMIN.username, roles: ['_admin'] });
  assert.deepEqual((await session({ as: ADA })).userCtx, { name: 'ada', roles: ['crew'] });
  assert.deepEqual((await session({})).userCtx, { name: null, roles: [] });
});

test('wrong credentials are 401 everywhere, and not nobody', async () => {
  for (const [path, as] of [
    ['/_session', WRONG],
    ['/', WRONG],
    ['/_session', { username: 'ada', password: 'pass' }],
    ['/_session', { username: 'ada', password: '' }],
    ['/_session', { username: 'constructor', password: 'x' }],
    ['/_session', { username: 'stranger', password: 'x' }],
    ['/_session', { username: '', password: '' }],
  ] as const)
    assert.equal((await server.ask('GET', path, { as })).status, 401);
});

test('there is no cookie session: CouchDB’s replicator then uses basic authentication', async () => {
  assert.equal(
    (await server.ask('POST', '/_session', { body: { name: 'ada', password: 'pass:word' } })).status,
    404,
  );
});

/** One request of each kind that a member may make; with its status for a member. */
const MEMBERS_MAY: readonly [string, string, number, unknown?][] = [
  ['GET', '/shared', 200],
  ['HEAD', '/shared', 200],
  ['GET', '/shared/', 200],
  ['GET', '/shared/_security', 200],
  ['GET', '/shared/_changes', 200],
  ['GET', '/shared/_changes?feed=longpoll', 200],
  ['GET', '/shared/_changes?feed=continuous&timeout=1', 200],
  ['POST', '/shared/_changes', 200, {}],
  ['GET', '/shared/_all_docs?include_docs=true', 200],
  ['POST', '/shared/_all_docs', 200, { keys: ['doc'] }],
  ['POST', '/shared/_bulk_get', 200, { docs: [{ id: 'doc' }] }],
  ['POST', '/shared/_revs_diff', 200, { doc: ['1-a'] }],
  ['POST', '/shared/_missing_revs', 200, { doc: ['1-a'] }],
  ['POST', '/shared/_ensure_full_commit', 201, {}],
  ['POST', '/shared/_bulk_docs', 201, { docs: [{}] }],
  ['POST', '/shared', 201, {}],
  ['POST', '/shared/_find', 200, { selector: { text: 'x' } }],
  ['POST', '/shared/_explain', 200, { selector: { text: 'x' } }],
  ['GET', '/shared/_index', 200],
  ['GET', '/shared/doc', 200],
  ['GET', '/shared/doc?open_revs=all', 200],
  ['GET', '/shared/_design/app', 200],
  ['GET', '/shared/_design/app/_view/all', 200],
  ['GET', '/shared/doc2/note.txt', 200],
  ['PUT', '/shared/doc2/note.txt', 409, 'text'],
  ['DELETE', '/shared/doc2/note.txt', 409],
  ['PUT', '/shared/doc', 409, {}],
  ['DELETE', '/shared/doc', 409],
  ['PUT', '/shared/_local/checkpoint', 201, { seq: 1 }],
  ['GET', '/shared/_local/checkpoint', 200],
  ['DELETE', '/shared/_local/checkpoint?rev=0-1', 200],
];

/** What takes an admin of the database, or of the server. */
const MEMBERS_MAY_NOT: readonly [string, string, unknown?][] = [
  ['PUT', '/shared/_security', {}],
  ['PUT', '/shared/_design/mine', {}],
  ['PUT', '/shared/_design/mine?id=doc', {}],
  ['DELETE', '/shared/_design/app?rev=1-a'],
  ['PUT', '/shared/_design/app/note.txt', 'text'],
  ['DELETE', '/shared/_design/app/note.txt?rev=1-a'],
  ['POST', '/shared', { _id: '_design/mine' }],
  ['POST', '/shared/_index', { index: { fields: ['text'] } }],
  ['POST', '/shared/_compact', {}],
  ['PUT', '/another'],
  ['PUT', '/shared'],
  ['DELETE', '/shared'],
  ['GET', '/_all_dbs'],
  ['GET', '/_users'],
  ['GET', '/_users/_all_docs'],
  ['GET', '/_users/org.couchdb.user:ada'],
  ['PUT', '/_users/org.couchdb.user:ada', { type: 'user', name: 'ada', roles: ['_admin'] }],
  ['POST', '/_users/_bulk_get', { docs: [{ id: 'org.couchdb.user:grace' }] }],
];

/** What the engine could do, and must not for anyone. */
const NOT_THERE: readonly [string, string][] = [
  ['GET', '/_config'],
  ['PUT', '/_config/admins/ada'],
  ['POST', '/_replicate'],
  ['PUT', '/_replicator/job'],
  ['GET', '/_node/_local/_config'],
  ['GET', '/_log'],
  ['POST', '/_restart'],
  ['GET', '/_utils'],
  ['COPY', '/shared/doc'],
  ['POST', '/shared/_temp_view'],
  ['GET', '/shared/_design/app/_rewrite/x'],
  ['GET', '/shared/_design/app/_show/x'],
  ['GET', '/shared/_local_docs'],
  ['PUT', '/shared/_revs_limit'],
  ['POST', '/shared/doc'],
];

const ask = (as: Asked['as'], [method, path, body]: readonly [string, string, unknown?]): Promise<Answered> =>
  server.ask(method, path, { ...(as === undefined ? {} : { as }), ...(body === undefined ? {} : { body }) });

for (const [method, path, status, body] of MEMBERS_MAY) {
  test(`${method} ${path}: 401 for nobody, 403 for another user, ${status} for a member`, async () => {
    assert.equal((await ask(undefined, [method, path, body])).status, 401);
    assert.equal((await ask(GRACE, [method, path, body])).status, 403);
    assert.equal((await ask(ADA, [method, path, body])).status, status);
  });
}

for (const request of MEMBERS_MAY_NOT) {
  test(`${request[0]} ${request[1]} ${JSON.stringify(request[2] ?? '')}: 401 for nobody, 403 for a member`, async () => {
    assert.equal((await ask(undefined, request)).status, 401);
    assert.equal((await ask(ADA, request)).status, 403);
  });
}

for (const [method, path] of NOT_THERE) {
  test(`${method} ${path} is not there, for the admin neither`, async () => {
    assert.equal((await server.ask(method, path, { as: ADMIN })).status, 404);
    assert.equal((await server.ask(method, path, { as: ADA })).status, 404);
  });
}

test('the admin may do what members may not', async () => {
  assert.equal((await server.ask('PUT', '/more', { as: ADMIN })).status, 201);
  assert.equal((await server.ask('PUT', '/more/_design/app', { as: ADMIN, body: {} })).status, 201);
  assert.equal((await server.ask('POST', '/more/_compact', { as: ADMIN, body: {} })).status, 202);
  assert.equal(
    (await server.ask('POST', '/more/_index', { as: ADMIN, body: { index: { fields: ['x'] } } })).status,
    200,
  );
  assert.deepEqual((await server.ask('GET', '/_all_dbs', { as: ADMIN })).body, ['_users', 'more', 'shared']);
  assert.equal((await server.ask('DELETE', '/more', { as: ADMIN })).status, 200);
  assert.equal((await server.ask('GET', '/more', { as: ADMIN })).status, 404);
});

test('a database admin who is no server admin may write design documents there', async () => {
  await server.createDatabase('edited', []);
  const put = () => server.ask('PUT', '/edited/_design/app', { as: GRACE, body: {} });
  assert.equal(
    (await server.ask('PUT', '/edited/_security', { as: ADMIN, body: { members: { names: ['grace'] } } }))
      .status,
    200,
  );
  assert.equal((await put()).status, 403);
  assert.equal(
    (await server.ask('PUT', '/edited/_security', { as: ADMIN, body: { admins: { names: ['grace'] } } }))
      .status,
    200,
  );
  assert.equal((await put()).status, 201);
  assert.equal((await server.ask('DELETE', '/edited', { as: GRACE })).status, 403);
});

test('_bulk_docs refuses a member’s design documents alone, and takes the rest', async () => {
  const docs = [
    { _id: '_design/mine' },
    { _id: 'beside' },
    { _id: '_local/_security', security: {} },
    { _id: 'doc' },
  ];
  const { status, body } = await server.ask('POST', '/shared/_bulk_docs', { as: ADA, body: { docs } });
  const rows = body as { id: string; error?: string; ok?: true }[];
  assert.equal(status, 201);
  assert.deepEqual(
    rows.map(({ id, error }) => [id, error]),
    [
      ['_design/mine', 'forbidden'],
      ['beside', undefined],
      ['_local/_security', 'illegal_docid'],
      ['doc', 'conflict'],
    ],
  );
  const forced = { docs: [{ _id: '_design/mine', _rev: '1-a' }], new_edits: false };
  const { body: refused } = await server.ask('POST', '/shared/_bulk_docs', { as: ADA, body: forced });
  assert.equal((refused as { error: string }[])[0]?.error, 'forbidden');
  assert.equal((await server.ask('GET', '/shared/_design/mine', { as: ADA })).status, 404);
  const { body: written } = await server.ask('POST', '/shared/_bulk_docs', { as: ADMIN, body: forced });
  assert.deepEqual(written, []);
});

test('a new database is the admin’s alone until its security is set', async () => {
  assert.equal((await server.ask('PUT', '/fresh', { as: ADMIN })).status, 201);
  assert.equal((await server.ask('GET', '/fresh', { as: ADA })).status, 403);
  assert.equal((await server.ask('GET', '/fresh/_security', { as: ADA })).status, 403);
  const { body } = await server.ask('GET', '/fresh/_security', { as: ADMIN });
  assert.deepEqual(body, { admins: { roles: ['_admin'] }, members: { roles: ['_admin'] } });
  await server.ask('PUT', '/fresh/_security', { as: ADMIN, body: { members: { roles: ['crew'] } } });
  assert.equal((await server.ask('GET', '/fresh', { as: ADA })).status, 200);
  assert.equal((await server.ask('GET', '/fresh', { as: GRACE })).status, 403);
});

test('an empty security object opens a database to every user, and still not to nobody', async () => {
  await server.createDatabase('open', []);
  await server.ask('PUT', '/open/_security', { as: ADMIN, body: {} });
  assert.equal((await server.ask('GET', '/open', { as: GRACE })).status, 200);
  assert.equal((await server.ask('GET', '/open')).status, 401);
});

test('`_users` is the admin’s, whatever its security object says', async () => {
  const open = { members: { names: ['ada'] }, admins: { names: ['ada'] } };
  assert.equal((await server.ask('PUT', '/_users/_security', { as: ADMIN, body: open })).status, 200);
  assert.equal((await server.ask('GET', '/_users/_all_docs', { as: ADA })).status, 403);
  assert.equal((await server.ask('GET', '/_users/_all_docs', { as: ADMIN })).status, 200);
});

test('a security object of another form is refused, and the old one stays', async () => {
  for (const body of [[], { members: [] }, { members: { names: 'ada' } }, { admins: { roles: [5] } }, '"x"'])
    assert.equal((await server.ask('PUT', '/shared/_security', { as: ADMIN, body })).status, 400);
  assert.equal((await server.ask('GET', '/shared', { as: ADA })).status, 200);
});

test('no `_local` document of a client is the security object', async () => {
  const open = { _id: '_local/_security', security: {} };
  assert.equal((await server.ask('PUT', '/shared/_local/_security', { as: ADA, body: open })).status, 201);
  assert.equal((await server.ask('GET', '/shared', { as: GRACE })).status, 403);
  assert.equal((await server.ask('GET', '/shared/_local/_pouch_dependentDbs', { as: ADA })).status, 404);
  const { body } = await server.ask('POST', '/shared/_bulk_get', {
    as: ADA,
    body: { docs: [{ id: '_local/_security' }] },
  });
  assert.match(JSON.stringify(body), /not_found/);
});

test('users are stored hashed, and only with names and roles that are theirs', async () => {
  const path = '/_users/org.couchdb.user:linus';
  const user = { type: 'user', name: 'linus', roles: ['crew'], password: 'secret text' };
  assert.equal((await server.ask('PUT', path, { as: ADMIN, body: user })).status, 201);
  const { body } = await server.ask('GET', path, { as: ADMIN });
  assert.ok(!JSON.stringify(body).includes('secret text'));
  for (const bad of [
    { name: 'ada' },
    { roles: ['_admin'] },
    { roles: 'crew' },
    { type: 'robot' },
    { password: 5 },
  ])
    assert.equal(
      (await server.ask('PUT', path, { as: ADMIN, body: { ...user, ...bad } })).status,
      403,
      JSON.stringify(bad),
    );
  const bulk = [
    { _id: 'org.couchdb.user:bulk', type: 'user', name: 'bulk', roles: [], password: 'secret text' },
  ];
  assert.equal(
    (await server.ask('POST', '/_users/_bulk_docs', { as: ADMIN, body: { docs: bulk } })).status,
    201,
  );
  const { body: stored } = await server.ask('GET', '/_users/org.couchdb.user:bulk', { as: ADMIN });
  assert.ok(!JSON.stringify(stored).includes('secret text'));
  assert.deepEqual((await session({ as: { username: 'bulk', password: 'secret text' } })).userCtx, {
    name: 'bulk',
    roles: [],
  });
});

test('a new password counts at once, and the old one no more', async () => {
  const user = { username: 'margaret', password: 'first' };
  await server.addUser(user);
  assert.equal((await server.ask('GET', '/_session', { as: user })).status, 200);
  const { body } = await server.ask('GET', '/_users/org.couchdb.user:margaret', { as: ADMIN });
  const changed = { ...(body as object), password: 'second', roles: ['crew'] };
  assert.equal(
    (await server.ask('PUT', '/_users/org.couchdb.user:margaret', { as: ADMIN, body: changed })).status,
    201,
  );
  assert.equal((await server.ask('GET', '/_session', { as: user })).status, 401);
  const { userCtx } = await session({ as: { ...user, password: 'second' } });
  assert.deepEqual(userCtx, { name: 'margaret', roles: ['crew'] });
});

test('a user document of the admin’s name gives nobody the admin’s place', async () => {
  const body = { type: 'user', name: ADMIN.username, roles: [], password: 'other' };
  await server.ask('PUT', `/_users/org.couchdb.user:${ADMIN.username}`, { as: ADMIN, body });
  assert.equal((await server.ask('GET', '/_session', { as: { ...ADMIN, password: 'other' } })).status, 401);
  assert.deepEqual((await session({ as: ADMIN })).userCtx, { name: ADMIN.username, roles: ['_admin'] });
});

test('validation functions know who writes', async () => {
  await server.createDatabase('signed', [ADA, GRACE]);
  const check = 'function (doc, old, user) { if (doc.by !== user.name) throw ({ forbidden: "sign it" }); }';
  await server.ask('PUT', '/signed/_design/app', { as: ADMIN, body: { validate_doc_update: check } });
  assert.equal((await server.ask('PUT', '/signed/a', { as: ADA, body: { by: 'ada' } })).status, 201);
  assert.equal((await server.ask('PUT', '/signed/b', { as: ADA, body: { by: 'grace' } })).status, 403);
  const docs = [{ _id: 'c', by: 'grace' }, { by: 'grace' }, { _id: 'd', by: 'ada' }];
  const { body } = await server.ask('POST', '/signed/_bulk_docs', { as: GRACE, body: { docs } });
  assert.deepEqual(
    (body as { error?: string }[]).map(({ error }) => error),
    [undefined, undefined, 'forbidden'],
  );
});
