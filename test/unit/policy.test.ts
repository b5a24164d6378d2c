import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideCouch } from '../../dist/core/couch/decide.js';
import { DEFAULT_LIMITS } from '../../dist/core/limits.js';
import { Refusal } from '../../dist/core/errors.js';
import { grantOf, type DatabaseGrant, type Role } from '../../dist/core/policy/policy.js';
import { parseTarget } from '../../dist/core/target.js';

const grant = (name: string, more: Partial<DatabaseGrant> = {}): DatabaseGrant => ({
  name,
  access: 'write',
  query: false,
  design: false,
  ...more,
});

function role(...grants: DatabaseGrant[]): Role {
  const isPrefix = ({ name }: DatabaseGrant): boolean => name.endsWith('*');
  return {
    name: 'tested',
    exact: new Map(grants.filter((one) => !isPrefix(one)).map((one) => [one.name, one])),
    prefixes: grants
      .filter(isPrefix)
      .map((one) => ({ prefix: one.name.slice(0, -1), grant: one }))
      .sort((one, other) => other.prefix.length - one.prefix.length),
    files: 'none',
    credential: 'tested',
  };
}

/** "ok", or the code of the refusal. */
function decided(of: Role, method: string, target: string): string {
  try {
    decideCouch(of, method, parseTarget(target), DEFAULT_LIMITS);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
}

describe('grantOf', () => {
  test('the exact entry holds, else that of the longest prefix, and only that one', () => {
    const of = role(
      grant('a-*', { access: 'read' }),
      grant('a-b-*', { query: true }),
      grant('a-b-c', { design: true }),
    );
    assert.equal(grantOf(of, 'a-b-c')?.name, 'a-b-c');
    assert.equal(grantOf(of, 'a-b-d')?.name, 'a-b-*');
    assert.equal(grantOf(of, 'a-x')?.name, 'a-*');
    // A prefix matches longer names only.
    assert.equal(grantOf(of, 'a-b-')?.name, 'a-*');
    assert.equal(grantOf(of, 'a-'), null);
    assert.equal(grantOf(of, 'b'), null);
  });

  test('nothing matches what is not the name of a database', () => {
    const of = role(grant('a*'));
    for (const name of ['_users', 'A', '', 'a b', 'a.b', 'a%', `a${'x'.repeat(238)}`])
      assert.equal(grantOf(of, name), null);
    for (const name of ['ab', 'a/b', 'a$()+-_', `a${'x'.repeat(237)}`])
      assert.notEqual(grantOf(of, name), null);
  });
});

describe('the decision on the couch surface', () => {
  test('a role with no databases may only ask what the gateway itself answers', () => {
    for (const target of ['/', '/_up', '/_all_dbs']) assert.equal(decided(role(), 'GET', target), 'ok');
    for (const target of ['/db', '/db/doc', '/db/_changes'])
      assert.equal(decided(role(), 'GET', target), 'no-grant');
    assert.equal(decided(role(), 'PUT', '/db'), 'no-grant');
  });

  const reader = role(grant('db', { access: 'read' }));
  const writer = role(grant('db'));
  const querier = role(grant('db', { access: 'read', query: true }));
  const designer = role(grant('db', { design: true }));
  // prettier-ignore
  const rows: readonly [method: string, target: string, reader: string, writer: string, querier: string, designer: string][] = [
    ['GET',    '/db/',                          'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/doc',                       'ok', 'ok', 'ok', 'ok'],
    ['HEAD',   '/db/doc/a/b/c',                 'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/_design/x',                 'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/_local/x',                  'ok', 'ok', 'ok', 'ok'],
    ['PUT',    '/db/_local/_x',                 'ok', 'ok', 'ok', 'ok'],
    ['POST',   '/db/_bulk_get?revs=true',       'ok', 'ok', 'ok', 'ok'],
    ['POST',   '/db/_revs_diff',                'ok', 'ok', 'ok', 'ok'],
    ['POST',   '/db/_missing_revs',             'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/_changes?filter=_doc_ids',  'ok', 'ok', 'ok', 'ok'],
    ['PUT',    '/db',                           'ok', 'ok', 'ok', 'ok'],
    ['POST',   '/db/_bulk_docs',                'needs-write', 'ok', 'needs-write', 'ok'],
    ['POST',   '/db',                           'needs-write', 'ok', 'needs-write', 'ok'],
    ['PUT',    '/db/doc?new_edits=false',       'needs-write', 'ok', 'needs-write', 'ok'],
    ['DELETE', '/db/doc?rev=1-a',               'needs-write', 'ok', 'needs-write', 'ok'],
    ['PUT',    '/db/doc/att',                   'needs-write', 'ok', 'needs-write', 'ok'],
    ['PUT',    '/db/_design/x',                 'needs-write', 'needs-design', 'needs-write', 'ok'],
    ['DELETE', '/db/_design/x',                 'needs-write', 'needs-design', 'needs-write', 'ok'],
    ['PUT',    '/db/_design/x/att',             'needs-write', 'needs-design', 'needs-write', 'ok'],
    ['GET',    '/db/_design/x/_view/y',         'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['POST',   '/db/_find',                     'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['POST',   '/db/_explain',                  'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['GET',    '/db/_changes?filter=x/y',       'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['GET',    '/db/_changes?filter=_view&view=x/y', 'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['GET',    '/db/_changes?view=x/y',         'needs-query', 'needs-query', 'ok', 'needs-query'],
    ['GET',    '/db/_changes?filter=_selector', 'query-value', 'query-value', 'query-value', 'query-value'],
    ['POST',   '/db/_changes?filter=_selector', 'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/doc?rev=1-a&rev=1-b',       'query-name', 'query-name', 'query-name', 'query-name'],
    ['GET',    '/db/doc?REV=1-a',               'query-name', 'query-name', 'query-name', 'query-name'],
    ['GET',    '/db/_changes?heartbeat=999',    'query-value', 'query-value', 'query-value', 'query-value'],
    ['GET',    '/db/_changes?heartbeat=1000',   'ok', 'ok', 'ok', 'ok'],
    ['GET',    '/db/doc/',                      'target-trailing-slash', 'target-trailing-slash', 'target-trailing-slash', 'target-trailing-slash'],
    ['GET',    '/_up/',                         'no-operation', 'no-operation', 'no-operation', 'no-operation'],
    ['POST',   '/_session',                     'no-session', 'no-session', 'no-session', 'no-session'],
  ];
  for (const [method, target, ...expected] of rows) {
    test(`${method} ${target}`, () => {
      assert.deepEqual(
        [reader, writer, querier, designer].map((of) => decided(of, method, target)),
        expected,
      );
    });
  }

  test('what no row names is refused to everyone', () => {
    const everything = role(grant('db', { query: true, design: true }));
    for (const path of [
      '_security',
      '_shards',
      '_revs_limit',
      '_local_docs',
      '_purge',
      '_purged_infos',
      '_compact',
      '_index',
    ]) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
        assert.equal(decided(everything, method, `/db/${path}`), 'no-operation');
    }
    for (const path of ['_show/x', '_list/x/y', '_update/x', '_rewrite/x', '_info']) {
      assert.equal(decided(everything, 'GET', `/db/_design/x/${path}`), 'no-operation');
    }
    for (const path of [
      '_config',
      '_replicate',
      '_users',
      '_users/x',
      '_node/_local/_config',
      '_utils',
      '_uuids',
      '_active_tasks',
    ]) {
      assert.equal(decided(everything, 'GET', `/${path}`), 'no-operation', path);
    }
    for (const method of ['COPY', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
      assert.equal(decided(everything, method, '/db'), 'no-operation');
  });
});
