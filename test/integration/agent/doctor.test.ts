import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Finding } from '../../../dist/agent/doctor/finding.js';
import {
  createTestHome,
  failureOf,
  linesOf,
  patchcord,
  startUp,
  type Result,
  type TestHome,
} from '../../kit/agent.js';
import { startUpstream, UPSTREAM_KINDS, type TestUpstream } from '../../kit/upstreams.js';

const LOOPBACK = { listen: { on: 'loopback' } };

/** The state of each check; where it found several things, the worst. */
function statesOf({ stdout }: Result): Record<string, string> {
  const findings = linesOf(stdout).filter((line) => 'check' in line) as unknown as Finding[];
  const rank = ['good', 'attention', 'bad'];
  const states: Record<string, string> = {};
  for (const { check, state } of findings)
    states[check] = rank[Math.max(rank.indexOf(states[check] ?? 'good'), rank.indexOf(state))] ?? '';
  return states;
}

const doctor = (home: TestHome): Promise<Result> => patchcord(home, ['doctor', '--json']);

test('a first run has nothing bad, and what could be better is told with what to do', async (t) => {
  const home = createTestHome(t);
  home.writeConfig(LOOPBACK);
  const first = await doctor(home);
  assert.equal(first.code, 0);
  assert.equal(statesOf(first)['up'], 'attention');
  assert.equal(statesOf(first)['identity'], 'attention');
  const store = linesOf(first.stdout).find(({ check }) => check === 'stores');
  assert.equal(store?.['todo'], 'patchcord up makes it');
  for (const { state, todo } of linesOf(first.stdout) as unknown as Finding[])
    assert.equal(todo === undefined, state === 'good');

  await startUp(home);
  const running = await doctor(home);
  assert.equal(running.code, 0);
  const { up, modes, clock, config, links, stores, couchdb, credentials } = statesOf(running);
  assert.deepEqual(
    { up, modes, clock, config, links, stores, couchdb, credentials },
    {
      up: 'good',
      modes: 'good',
      clock: 'good',
      config: 'good',
      links: 'good',
      stores: 'good',
      couchdb: 'good',
      credentials: 'good',
    },
  );
  const text = await patchcord(home, ['doctor']);
  assert.ok(text.stdout.includes('patchcord is up'));
});

test('modes that let others in are bad', async (t) => {
  const home = createTestHome(t);
  home.writeConfig(LOOPBACK);
  await patchcord(home, ['init']);
  const key = join(home.paths.identity, 'user-ca.key');
  const leafKey = join(home.paths.identity, 'leaf.key');
  chmodSync(leafKey, 0o644);
  const told = linesOf((await doctor(home)).stdout).filter((line) => line['state'] === 'bad');
  assert.deepEqual(
    told.map(({ check }) => check),
    ['modes'],
  );
  chmodSync(leafKey, 0o600);
  chmodSync(key, 0o644);
  const open = await doctor(home);
  assert.equal(open.code, 78);
  assert.equal(statesOf(open)['modes'], 'bad');
  assert.equal(failureOf(open), 'not-well');
  chmodSync(key, 0o600);
  assert.equal((await doctor(home)).code, 0);
});

test('a configuration with problems is bad, each of them by itself', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({ nmae: 'x', listen: { on: 'loopback', port: -1 } });
  const found = await doctor(home);
  assert.equal(found.code, 78);
  const problems = (linesOf(found.stdout) as unknown as Finding[]).filter(({ check }) => check === 'config');
  assert.equal(problems.length, 2);
});

test('links and stores that are not there are told', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({
    listen: { on: ['no-such-link'] },
    files: { stores: [join(home.scratch, 'unplugged')] },
  });
  const found = await doctor(home);
  assert.equal(statesOf(found)['links'], 'attention');
  assert.equal(statesOf(found)['stores'], 'attention');
});

test('a CouchDB that is away is bad', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({ ...LOOPBACK, couchdb: { url: 'http://127.0.0.1:9/' } });
  await patchcord(home, ['init']);
  const found = await doctor(home);
  assert.equal(found.code, 78);
  assert.equal(statesOf(found)['couchdb'], 'bad');
});

for (const kind of UPSTREAM_KINDS) {
  describe(`doctor with ${kind}`, () => {
    let couch: TestUpstream;
    before(async () => {
      couch = await startUpstream(kind);
    });
    after(() => couch.close());

    async function prepare(home: TestHome): Promise<string> {
      const database = await couch.createDatabase('first', {});
      const databases = [{ name: database, access: 'write' }];
      home.writeConfig({
        ...LOOPBACK,
        couchdb: { url: couch.url, admin: couch.admin },
        policy: {
          roles: { 'own-device': { databases, files: 'all', credentials: 'own' } },
          principals: [{ issuer: 'user', role: 'own-device' }],
        },
      });
      await patchcord(home, ['init']);
      return database;
    }
    function writeCredential(home: TestHome, login: { username: string; password: string }): void {
      mkdirSync(home.paths.home, { recursive: true, mode: 0o700 });
      writeFileSync(home.paths.credentials, JSON.stringify({ own: { basic: login } }), { mode: 0o600 });
    }

    test('limited credentials are told from none, from wrong ones, and from an administrator’s', async (t) => {
      const home = createTestHome(t);
      await prepare(home);
      assert.equal(statesOf(await doctor(home))['credentials'], 'bad');
      writeCredential(home, { username: 'nobody', password: 'wrong' });
      assert.equal(statesOf(await doctor(home))['credentials'], 'bad');
      writeCredential(home, couch.admin);
      assert.equal(statesOf(await doctor(home))['credentials'], 'bad');
      writeCredential(home, await couch.createUser('own'));
      assert.equal(statesOf(await doctor(home))['credentials'], 'good');
    });

    test('a database that is open to everyone is told', async (t) => {
      const home = createTestHome(t);
      const database = await prepare(home);
      await couch.ask('PUT', `/${database}/_security`, { members: { roles: ['crew'] } });
      assert.equal(statesOf(await doctor(home))['databases'], 'good');
      await couch.ask('PUT', `/${database}/_security`, { members: {} });
      assert.equal(statesOf(await doctor(home))['databases'], 'attention');
    });
  });
}
