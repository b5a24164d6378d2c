import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEnv } from '../../dist/core/env/env.js';
import { DEFAULT_RECONNECT } from '../../dist/core/peers/reconnect.js';
import { createEnv } from '../kit/env.js';
import { createTestPki, selfSignedLeaf, type TestPki } from '../kit/pki.js';

const pki: TestPki = createTestPki();
/** One of a real key may begin with a digit, and is then written in brackets. */
const ANY_ID = 'A'.repeat(48);
const URL_OF_COUCH = 'http://127.0.0.1:5984/';
type Raw = ReturnType<typeof createEnv>;

/** What is changed in a sound env: values by their path; undefined takes the key out. */
type Changes = Readonly<Record<string, unknown>>;

function envWith(changes: Changes = {}): Raw {
  const env = createEnv({ pki, couchUrl: URL_OF_COUCH });
  for (const [path, value] of Object.entries(changes)) {
    const parts = path.split('/');
    const last = parts.pop() ?? '';
    let holder = env as unknown as Record<string, unknown>;
    for (const part of parts) holder = holder[part] as Record<string, unknown>;
    if (value === undefined) Reflect.deleteProperty(holder, last);
    else holder[last] = value;
  }
  return env;
}

function problemsOf(env: unknown): string[] {
  const parsed = parseEnv(env);
  return 'problems' in parsed ? parsed.problems.map(({ path, reason }) => `${path} ${reason}`) : [];
}
const pathsOf = (env: unknown): string[] => problemsOf(env).map((problem) => problem.split(' ')[0] ?? '');

describe('parseEnv', () => {
  const streams = (more: object): Changes => ({
    peerStreams: { port: 1, tokens: { a: 'x'.repeat(16) }, ...more },
  });
  const hint = (more: object) => ({ address: 'fe80::1', zone: 'e', port: 1, ...more });

  test('takes the household of the tests, and defaults what may be left out', () => {
    const parsed = parseEnv(envWith({ files: undefined, limits: undefined }));
    assert.ok('env' in parsed);
    assert.equal(parsed.env.service?.identity.deviceId, pki.ada.laptop.deviceId);
    assert.deepEqual(parsed.env.service.stores, []);
    assert.equal(parsed.env.limits.idleMs, 65_000);
  });

  test('takes peer streams, with a policy of reconnection that needs no file', () => {
    const parsed = parseEnv(envWith(streams({ reconnect: { hideMs: 0 } })));
    assert.ok('env' in parsed);
    assert.deepEqual(parsed.env.peerStreams?.reconnect, { ...DEFAULT_RECONNECT, hideMs: 0 });
    assert.equal(parsed.env.peerStreams.addresses.size, 0);
  });

  test('takes a device that has no identity yet', () => {
    assert.ok('env' in parseEnv({ version: 1 }));
    assert.ok(
      'env' in
        parseEnv({ version: 1, listen: { on: 'loopback' }, discovery: { announce: false }, limits: {} }),
    );
    assert.deepEqual(pathsOf({ version: 1, files: { stores: [] } }), ['$.identity']);
  });

  const crew = 'policy/roles/novel-crew';
  const { grace, ada } = pki;
  const otherLeaf = {
    'identity/cert': grace.laptop.certPem,
    'identity/key': grace.laptop.keyPem,
    'identity/deviceId': grace.laptop.deviceId,
  };
  // Each with the paths of all of its problems: nothing stops at the first.
  // prettier-ignore
  const flaws: readonly [string, Changes, readonly string[]][] = [
    ['no version', { version: undefined }, ['$.version']],
    ['a later version', { version: 2 }, ['$.version']],
    ['a misspelt top-level key', { file: {} }, ['$.file']],
    ['a misspelt revoked', { 'trust/revokd': [] }, ['$.trust.revokd']],
    ['everything that is needed missing', { trust: undefined, listen: undefined, couchdb: undefined, policy: undefined }, ['$.trust', '$.listen', '$.couchdb', '$.policy']],
    ['no user CA', { 'trust/cas/user': undefined }, ['$.trust.cas.user', '$.policy.principals[0].issuer']],
    ['a CA that is a leaf', { 'trust/cas/more': grace.laptop.certPem }, ['$.trust.cas.more']],
    ['a CA twice', { 'trust/cas/more': grace.ca.certPem }, ['$.trust.cas.more']],
    ['two certificates in one PEM', { 'trust/cas/more': grace.ca.certPem + pki.stranger.ca.certPem }, ['$.trust.cas.more']],
    ['revoked entries of no kind', { 'trust/revoked': ['device:x', `device:${ada.camera.deviceId}`, 'sha256:00'] }, ['$.trust.revoked[0]', '$.trust.revoked[2]']],
    ['a revocation that nobody signed', { 'trust/revocations': [{}] }, ['$.trust.revocations[0]']],
    ['the key of another', { 'identity/key': ada.desktop.keyPem }, ['$.identity.key']],
    ['the id of another', { 'identity/deviceId': ada.desktop.deviceId }, ['$.identity.deviceId']],
    ['a leaf of another CA', otherLeaf, ['$.identity.cert']],
    ['a name with a bidirectional character', { 'identity/name': 'a\u202eb' }, ['$.identity.name']],
    ['an upstream by name', { 'couchdb/url': 'http://localhost:5984/' }, ['$.couchdb.url']],
    ['an upstream in clear elsewhere', { 'couchdb/url': 'http://192.0.2.1:5984/' }, ['$.couchdb.url']],
    ['credentials in the URL', { 'couchdb/url': 'http://a:b@127.0.0.1:5984/' }, ['$.couchdb.url']],
    ['https without its CA', { 'couchdb/url': 'https://192.0.2.1/' }, ['$.couchdb.serverName', '$.couchdb.ca']],
    ['a user name with a colon', { 'couchdb/credentials/own/basic/username': 'a:b' }, ['$.couchdb.credentials.own.basic.username']],
    ['a credential of two kinds', { 'couchdb/credentials/own/none': {} }, ['$.couchdb.credentials.own']],
    ['stores that are no absolute paths, or the same', { 'files/stores': ['store', '/a/../b', '/a', '/a'] }, ['$.files.stores[0]', '$.files.stores[1]', '$.files.stores[3]']],
    ['an unknown issuer', { 'policy/principals/1/issuer': 'nobody' }, ['$.policy.principals[1].issuer']],
    ['an unknown role', { 'policy/principals/1/role': 'nobody' }, ['$.policy.principals[1].role']],
    ['an unknown credential', { [`${crew}/credentials`]: 'nobody' }, ['$.policy.roles.novel-crew.credentials']],
    ['an entry that is never reached', { 'policy/principals/2': { issuer: 'user', device: ada.camera.deviceId, role: 'novel-crew' } }, ['$.policy.principals[2]']],
    ['an unknown certificate', { 'policy/principals/2': { cert: 'old-nas', role: 'novel-crew' } }, ['$.policy.principals[2].cert']],
    ['a database named twice', { [`${crew}/databases/2`]: { name: 'dmedia-0-novel', access: 'read' } }, ['$.policy.roles.novel-crew.databases[2]']],
    ['everything at once', { [`${crew}/databases/2`]: { name: '*', access: 'read' } }, ['$.policy.roles.novel-crew.databases[2].name']],
    ["CouchDB's own database", { [`${crew}/databases/2`]: { name: '_users', access: 'read' } }, ['$.policy.roles.novel-crew.databases[2].name']],
    ['design by prefix', { [`${crew}/databases/2`]: { name: 'x-*', access: 'write', design: true } }, ['$.policy.roles.novel-crew.databases[2].design']],
    ['design without write', { [`${crew}/databases/2`]: { name: 'x', access: 'read', design: true } }, ['$.policy.roles.novel-crew.databases[2].design']],
    ['files of a database that is not readable', { [`${crew}/files/referencedIn/1`]: 'dmedia-0' }, ['$.policy.roles.novel-crew.files.referencedIn[1]']],
    ['a limit of nothing, and one that is none', { limits: { idleMs: 0, connektions: 1 } }, ['$.limits.idleMs', '$.limits.connektions']],
    ['a link that cannot be one', { 'listen/on': ['a/b'] }, ['$.listen.on[0]']],
    ['a short token', { peerStreams: { port: 1, tokens: { a: 'short' } } }, ['$.peerStreams.tokens.a']],
    ['no token, and no door', { peerStreams: { tokens: {} } }, ['$.peerStreams', '$.peerStreams.tokens']],
    ['a policy of reconnection with a mistake in each part', streams({ reconnect: { delaysMs: [1, -1, 'x'], jitter: 1.5, hideMs: 60_001, mode: 'always', more: 1 } }), ['$.peerStreams.reconnect.delaysMs[1]', '$.peerStreams.reconnect.delaysMs[2]', '$.peerStreams.reconnect.jitter', '$.peerStreams.reconnect.hideMs', '$.peerStreams.reconnect.mode', '$.peerStreams.reconnect.more']],
    ['no delays', streams({ reconnect: { delaysMs: [] } }), ['$.peerStreams.reconnect.delaysMs']],
    ['hints for who is no device', streams({ addresses: { x: [] } }), ['$.peerStreams.addresses.x']],
    ['hints that cannot be dialled', streams({ addresses: { [ANY_ID]: [hint({}), hint({ zone: null }), hint({ address: '192.0.2.1' }), hint({ address: 'fe80::1%e' }), hint({ address: '::1' }), hint({ port: 0 }), hint({ address: 'fe80:::1' })] } }), [1, 2, 3, 4, 5, 6].map((index) => `$.peerStreams.addresses.${ANY_ID}[${index}]`)],
  ];
  for (const [name, change, paths] of flaws) {
    test(`refuses ${name}`, () => assert.deepEqual(pathsOf(envWith(change)), paths));
  }

  test('tells the problems of every part at once', () => {
    const changes = {
      version: 3,
      'identity/name': '',
      'listen/port': 70_000,
      'couchdb/url': 'ftp://x',
      'policy/principals/0/role': 'nobody',
    };
    const paths = [
      '$.version',
      '$.identity.name',
      '$.couchdb.url',
      '$.policy.principals[0].role',
      '$.listen.port',
    ];
    assert.deepEqual(pathsOf(envWith(changes)), paths);
  });

  test('a whitelisted certificate may be anyone’s', () => {
    const nas = selfSignedLeaf(pki.now);
    const principal = { 'policy/principals/2': { cert: 'old-nas', role: 'novel-crew' } };
    assert.deepEqual(problemsOf(envWith({ 'trust/certs': { 'old-nas': nas.certPem }, ...principal })), []);
  });

  test('no reason quotes a value', () => {
    const secret = 'correct-horse-battery-staple';
    const paths: string[] = [];
    /** Puts the secret in the place of every value, one after the other. */
    const visit = (env: Raw, node: unknown, path: readonly string[]): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        const holder = node as Record<string, unknown>;
        const before = holder[key];
        for (const value of [secret, [secret], { [key]: secret }, 7]) {
          holder[key] = value;
          const problems = problemsOf(env).join('\n');
          assert.ok(!problems.includes(secret), `${path.join('.')}.${key}: ${problems}`);
          if (problems !== '') paths.push(key);
        }
        holder[key] = before;
        visit(env, before, [...path, key]);
      }
    };
    const env = envWith();
    visit(env, env, []);
    assert.ok(paths.length > 50);
  });
});
