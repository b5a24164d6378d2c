// The two databases between which a run replicates: CouchDBs where PATCHCORD_TEST_COUCHDB names two (comma between), else
// two of the embedded server. What is made in them is removed again.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createReplicator } from '../../dist/adapters/couch-client/replicator.js';
import { startPouchReplication } from '../../dist/adapters/replicator/pouch-replicator.js';
import { startEmbeddedCouch } from '../../dist/agent/embedded-couch/embedded-couch.js';
import { REPLICATION_SELECTOR } from '../../dist/core/couch/changes.js';

const LOOK_MS = 20;
const URLS = (process.env.PATCHCORD_TEST_COUCHDB ?? '').split(',').filter((url) => url !== '');
const unique = () => randomBytes(5).toString('hex');
const newLogin = (role) => ({
  username: `patchcord-bench-${role}-${unique()}`,
  password: randomBytes(12).toString('hex'),
});

/** `ends[0]` is replicated from, by `replicate` of what knows `ends[1]`. */
export async function startDatabases(folder) {
  const isReal = URLS.length >= 2;
  const ends = isReal
    ? URLS.slice(0, 2).map(useCouchdb)
    : [await startEmbedded(join(folder, 'source')), await startEmbedded(join(folder, 'target'))];
  const { version } = await ends[0].ask('GET', '/');
  return {
    ends,
    kind: isReal ? `between two CouchDB ${version}` : 'between two embedded servers',
    replicate: isReal ? byCouchdb(ends[1]) : byAgent,
    async close() {
      for (const end of ends) await end.close();
    },
  };
}

function useCouchdb(text) {
  const url = new URL(text);
  const admin = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  const end = createEnd(new URL('/', `http://${url.host}`).href, admin);
  return { ...end, close: end.cleanUp };
}

async function startEmbedded(folder) {
  mkdirSync(folder, { recursive: true });
  const admin = newLogin('admin');
  const server = await startEmbeddedCouch({ folder, port: 0, admin, onEvent: () => undefined });
  return { ...createEnd(server.url, admin), close: () => server.close() };
}

function createEnd(url, admin) {
  const made = new Set();
  async function ask(method, path, body) {
    const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const reply = await fetch(new URL(path, url), { method, headers, body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path.split('?')[0]}: ${reply.status}`);
    return reply.json();
  }
  const remove = async (path) => {
    const { _rev: rev } = path.startsWith('/_users/') ? await ask('GET', path) : {};
    await ask('DELETE', rev === undefined ? path : `${path}?rev=${rev}`);
    made.delete(path);
  };
  return {
    url,
    admin,
    ask,
    remove,
    async createUser() {
      const { username, password } = newLogin('user');
      const path = `/_users/org.couchdb.user:${username}`;
      await ask('PUT', path, { name: username, password, type: 'user', roles: [] });
      made.add(path);
      return { username, password };
    },
    async createDatabase(name, { username }) {
      await ask('PUT', `/${name}`);
      made.add(`/${name}`);
      const nobody = { names: [], roles: [] };
      await ask('PUT', `/${name}/_security`, { admins: nobody, members: { names: [username], roles: [] } });
    },
    async cleanUp() {
      for (const path of made) await remove(path);
    },
  };
}

/** As the agent has it pull, but once and not for ever: its reply is the end. */
const byCouchdb =
  ({ ask }) =>
  async ({ source, target }) => {
    const askOnce = async ({ path, body }) => {
      const { ok, history } = await ask('POST', `/${path}`, { ...body, continuous: false });
      if (ok !== true) throw new Error('the replication did not end well');
      return { _local_id: String(history[0].session_id) };
    };
    await createReplicator({ ask: askOnce }).replicate({ source, target, selector: REPLICATION_SELECTOR });
  };

async function byAgent({ source, target }) {
  const named = (end) => ({ ...end, name: unique() });
  const replication = startPouchReplication({
    source: named(source),
    target: named(target),
    selector: REPLICATION_SELECTOR,
    isWanted: (id) => !id.startsWith('_'),
    batch: 500,
  });
  let reason;
  void replication.ended.then((text) => (reason = text));
  while (!replication.progress.isCurrent && reason === undefined)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  if (reason !== undefined) throw new Error(`the replication ended: ${reason}`);
  replication.cancel();
  await replication.ended;
}
