import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProblems } from '../../../dist/core/env/problems.js';
import type { DeviceId } from '../../../dist/core/ids.js';
import { compilePolicy } from '../../../dist/core/policy/compile.js';
import { foreignRoles, ownRoles, roleOf } from '../../../dist/core/policy/role-of.js';
import { decideJobs, jobIdOf, MAX_DATABASES_MADE } from '../../../dist/core/replication/jobs.js';
import { formatPause, isPaused, parsePause } from '../../../dist/core/replication/pauses.js';
import { retryDelayMs } from '../../../dist/core/replication/retries.js';

const grant = (name: string, more: object = {}) => ({
  name,
  access: 'write' as const,
  query: false,
  design: false,
  ...more,
});
const device = (letter: string): DeviceId => letter.repeat(48) as DeviceId;
const [LAPTOP, GRACE] = [device('A'), device('B')];
const policy = compilePolicy(
  {
    roles: {
      own: {
        databases: [grant('dmedia-0', { design: true }), grant('dmedia-0-*')],
        files: 'all',
        credentials: 'own',
      },
      crew: {
        databases: [grant('dmedia-0-novel'), grant('plans', { access: 'read' }), grant('crew-only')],
        files: 'none',
        credentials: 'crew',
      },
    },
    principals: [
      { issuer: 'user', role: 'own' },
      { issuer: 'grace', device: GRACE, role: 'crew' },
      { cert: 'nas', role: 'crew' },
    ],
  },
  { cas: null, certs: null, credentials: null },
  createProblems(),
);
const roleNamed = (name: string) => policy.roles.get(name) ?? assert.fail();
const context = {
  policy,
  peers: [] as { deviceId: DeviceId; role: ReturnType<typeof roleNamed>; offers: string[] }[],
  databases: new Set(['dmedia-0', 'dmedia-0-novel', 'plans']),
  madeBefore: 0,
};
const laptop = (...offers: string[]) => ({ deviceId: LAPTOP, role: roleNamed('own'), offers });
const grace = (...offers: string[]) => ({ deviceId: GRACE, role: roleNamed('crew'), offers });

const leaf = (id: DeviceId, issuer: string | null, cert: string | null = null) => ({
  device: id,
  issuer,
  cert,
});

describe('the role of a device', () => {
  test('is that of the first principal that matches its issuer, device or certificate', () => {
    assert.equal(roleOf(policy, leaf(LAPTOP, 'user'))?.name, 'own');
    assert.equal(roleOf(policy, leaf(GRACE, 'grace'))?.name, 'crew');
    assert.equal(roleOf(policy, leaf(LAPTOP, null, 'nas'))?.name, 'crew');
  });
  test('is none for anyone else', () => {
    assert.equal(roleOf(policy, leaf(LAPTOP, 'grace')), null);
    assert.equal(roleOf(policy, leaf(GRACE, null)), null);
    assert.equal(roleOf({ roles: policy.roles, principals: [] }, leaf(LAPTOP, 'user')), null);
  });
  test('own ones and those of others are told apart', () => {
    assert.deepEqual(
      ownRoles(policy).map(({ name }) => name),
      ['own'],
    );
    assert.deepEqual(
      foreignRoles(policy).map(({ name }) => name),
      ['crew', 'crew'],
    );
  });
});

describe('what is pulled', () => {
  test('what the peer offers and its role may write, with the credential of that role', () => {
    const { jobs, make } = decideJobs({ ...context, peers: [laptop('dmedia-0'), grace('dmedia-0-novel')] });
    assert.deepEqual(make, []);
    assert.deepEqual(jobs, [
      { deviceId: LAPTOP, database: 'dmedia-0', credential: 'own', design: true },
      { deviceId: GRACE, database: 'dmedia-0-novel', credential: 'crew', design: false },
    ]);
  });
  test('nothing that its role may only read, or is not granted, or is no database', () => {
    const peers = [grace('plans', 'dmedia-0', '_users', '_replicator', '__proto__', '')];
    assert.deepEqual(decideJobs({ ...context, peers }), { jobs: [], make: [] });
  });
  test('each database once, however often it is offered', () => {
    assert.equal(decideJobs({ ...context, peers: [laptop('dmedia-0', 'dmedia-0')] }).jobs.length, 1);
  });
  test('the name of a job is that of its peer and database', () => {
    assert.equal(jobIdOf({ deviceId: LAPTOP, database: 'dmedia-0' }), `${LAPTOP}/dmedia-0`);
  });
});

describe('databases that are made', () => {
  test('are those that an own role may write too', () => {
    const peers = [laptop('dmedia-0-new'), grace('crew-only')];
    const { jobs, make } = decideJobs({ ...context, peers });
    assert.deepEqual(make, ['dmedia-0-new']);
    assert.deepEqual(jobs, []);
  });
  test('are no more than the bound, with those of before', () => {
    const names = Array.from({ length: 5 }, (_, index) => `dmedia-0-p${index}`);
    const madeBefore = MAX_DATABASES_MADE - 3;
    const { make } = decideJobs({ ...context, madeBefore, peers: [laptop(...names)] });
    assert.deepEqual(make, names.slice(0, 3));
    const none = decideJobs({ ...context, madeBefore: MAX_DATABASES_MADE, peers: [laptop(...names)] });
    assert.deepEqual(none.make, []);
  });
});

describe('pauses', () => {
  const job = { deviceId: LAPTOP, database: 'dmedia-0' };
  test('cover a peer, a database, or one database of one peer', () => {
    const covers = (deviceId: DeviceId | null, database: string | null): boolean =>
      isPaused([{ deviceId, database }], job);
    assert.ok(covers(LAPTOP, null) && covers(null, 'dmedia-0') && covers(LAPTOP, 'dmedia-0'));
    assert.ok(!covers(GRACE, null) && !covers(null, 'plans') && !covers(LAPTOP, 'plans'));
    assert.ok(!isPaused([], job));
  });
  test('survive being written down', () => {
    for (const pause of [
      { deviceId: LAPTOP, database: null },
      { deviceId: null, database: 'a/b' },
      { deviceId: LAPTOP, database: 'dmedia-0' },
    ])
      assert.deepEqual(parsePause(formatPause(pause)), pause);
  });
  test('of nothing, or malformed, are none', () => {
    for (const text of ['* *', '', 'x *', `${LAPTOP} _users`, `${LAPTOP} dmedia-0 x`, LAPTOP])
      assert.equal(parsePause(text), null);
  });
});

test('the wait after failures grows, and then stays', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 99].map(retryDelayMs), [1000, 2000, 5000, 10_000, 30_000, 30_000]);
});
