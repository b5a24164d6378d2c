// What checkpoints hang on, in literals: whoever changes them makes every device compare all of its databases anew after
// the upgrade, since none finds where it was.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { endsOf } from '../../../dist/agent/replication/ends.js';
import { openReplicationMemory } from '../../../dist/agent/replication/memory.js';
import { createPouchPuller } from '../../../dist/agent/replication/pouch-puller.js';
import type { DeviceId } from '../../../dist/core/ids.js';
import { createTestHome } from '../../kit/agent.js';

const DEVICE = 'P'.repeat(48) as DeviceId;
const JOB = { deviceId: DEVICE, database: 'dmedia-0', credential: 'own', design: false };
const SALT = 'a-salt-of-version-0.1.0';
/** As version 0.1.0 named them. */
const POUCH_CHECKPOINT = '/_local/pQ0v_SYTcUXetlsNPpgUwg==';
/** As PouchDB left it there. */
const CHECKPOINT = {
  ...{ _id: POUCH_CHECKPOINT.slice(1), _rev: '0-1', replicator: 'pouchdb', version: 1 },
  ...{ session_id: 'session', last_seq: 7, history: [{ last_seq: 7, session_id: 'session' }] },
};

const endsAt = (port: number, upstreamUrl: string, token: string) => ({
  streams: { port, tokens: { replicator: token, local: token } },
  upstreamUrl,
  credentials: () => ({ own: { basic: { username: 'own-user', password: token } } }),
});

test('CouchDB’s job is named by addresses, users and the selector, and by no token', () => {
  const ends = (token: string) => endsOf(JOB, endsAt(29817, 'http://127.0.0.1:5984/', token));
  assert.deepEqual(ends('old'), {
    source: {
      url: `http://127.0.0.1:29817/peers/${DEVICE}/couch/dmedia-0`,
      login: { username: 'patchcord', password: 'old' },
    },
    target: { url: 'http://127.0.0.1:5984/dmedia-0', login: { username: 'own-user', password: 'old' } },
    selector: { _id: { $regex: '^[^_]' } },
  });
  const [before, now] = [ends('old'), ends('new')];
  assert.equal(now.source.url, before.source.url);
  assert.equal(now.source.login?.username, before.source.login?.username);
});

test('PouchDB goes on from the checkpoint that version 0.1.0 left, whatever ports and tokens are now', async (t) => {
  for (const token of ['old', 'new']) {
    const [source, target] = [await startDatabase(t), await startDatabase(t)];
    const ends = endsAt(source.port, `http://127.0.0.1:${target.port}/`, token);
    for (const [salt, since] of [
      [SALT, '7'],
      ['another home', '0'],
    ] as const) {
      const asked = source.asked();
      const pull = await createPouchPuller({ ...ends, salt }).start(JOB);
      assert.equal((await asked).get('since'), since);
      await pull.cancel();
    }
  }
});

test('replication.json of version 0.1.0 is read: its salt, what was made, what is paused', async (t) => {
  const path = join(createTestHome(t).scratch, 'replication.json');
  const paused = [`${DEVICE} *`, '* dmedia-0-novel'];
  writeFileSync(path, JSON.stringify({ salt: SALT, made: ['dmedia-0-novel'], paused }));
  const memory = await openReplicationMemory(path);
  assert.deepEqual([memory.salt, memory.made], [SALT, ['dmedia-0-novel']]);
  assert.deepEqual(memory.pauses, [
    { deviceId: DEVICE, database: null },
    { deviceId: null, database: 'dmedia-0-novel' },
  ]);
});

test('where nothing came of a batch, a tenth is asked for', async (t) => {
  const [source, target] = [await startDatabase(t), await startDatabase(t)];
  source.fails = true;
  const ends = endsAt(source.port, `http://127.0.0.1:${target.port}/`, 'token');
  const puller = createPouchPuller({ ...ends, salt: 'another home' });
  for (const limit of ['500', '50', '5', '1', '1']) {
    const asked = source.asked();
    const pull = await puller.start(JOB);
    assert.equal((await asked).get('limit'), limit);
    assert.notEqual(await pull.ended, null);
  }
});

interface Database {
  readonly port: number;
  /** The query of the next request for changes. */
  asked(): Promise<URLSearchParams>;
  /** Whether it breaks off when it is asked for changes. */
  fails: boolean;
}

/** Has no document but the checkpoint, and never anything new. */
async function startDatabase(t: TestContext): Promise<Database> {
  let tell: (query: URLSearchParams) => void = () => undefined;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const isChanges = pathname.endsWith('/_changes');
    if (isChanges) tell(searchParams);
    if (isChanges && database.fails) {
      response.destroy();
      return;
    }
    // The next one waits for ever.
    if (isChanges && searchParams.get('since') === '7') return;
    const isThere =
      !pathname.includes('/_local/') || pathname.endsWith(POUCH_CHECKPOINT.replaceAll('=', '%3D'));
    response.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isThere ? { ...CHECKPOINT, results: [], update_seq: 7 } : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const database: Database = {
    port,
    asked: () => new Promise((resolve) => (tell = resolve)),
    fails: false,
  };
  return database;
}
