// Every call of sockets that fails while a gateway is reloaded, while two of them pair, and while CouchDB is provisioned:
// connecting, sending, receiving, listening. What was in force stays in force, and the next time comes to its end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test, type TestContext } from 'node:test';
import { freePort } from '../kit/free-port.js';
import type { OfferOpened } from '../../dist/core/control/pairing.js';
import { createTestHome, failureOf, type Result, type TestHome } from '../kit/agent.js';
import { createEnv, tlsOf } from '../kit/env.js';
import { startGatewayHere, type GatewayHere } from '../kit/gateway-here.js';
import { runHere } from '../kit/in-process.js';
import { CODE, throwAway } from '../kit/pairing.js';
import { createTestPki } from '../kit/pki.js';
import { ask, get } from '../kit/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../kit/recording-upstream.js';
import { eventually } from '../kit/until.js';
import { basicOf, startEmbedded, type EmbeddedUpstream, type Login } from '../kit/upstreams.js';
import { tryEveryCall } from './every-call.js';

const pki = createTestPki();
let upstream: RecordingUpstream;
let couch: EmbeddedUpstream;
before(async () => {
  upstream = await startRecordingUpstream();
  couch = await startEmbedded();
});
after(async () => {
  await upstream.close();
  await couch.close();
});

test('a reload: the old listener and the old credentials, or the new ones, and a server that answers', async (t) => {
  const env = createEnv({ pki, couchUrl: upstream.url });
  const statusOf = async (gateway: GatewayHere, path: string): Promise<number | undefined> =>
    (await ask(gateway.port(), tlsOf(pki.ada.desktop), get(path)))?.status;
  await tryEveryCall(t, 4, {
    kind: 'sockets',
    make: async () => ({ gateway: await startGatewayHere(env), port: await freePort('::1') }),
    act: ({ gateway, port }) => gateway.reload({ listen: { on: 'loopback', port }, couchdb: env.couchdb }),
    async check({ gateway }) {
      assert.equal(gateway.listeners().length, 1);
      assert.equal(await statusOf(gateway, '/'), 200);
    },
    async again({ gateway, port }) {
      assert.equal(await gateway.reload({ listen: { on: 'loopback', port }, couchdb: env.couchdb }), null);
      assert.equal(gateway.port(), port);
      await eventually(async () => ((await statusOf(gateway, '/couch/dmedia-0')) === 200 ? true : null));
      await gateway.stop();
    },
  });
});

interface Pair {
  readonly offerer: GatewayHere;
  readonly joiner: GatewayHere;
}

/** Resolves when both sides said how it went, with whether both proved the code. */
async function pairUp({ offerer, joiner }: Pair): Promise<boolean> {
  const [offererSince, joinerSince] = [offerer.seen.length, joiner.seen.length];
  const hasTold = (gateway: GatewayHere, since: number, name: string): boolean =>
    gateway.seen.slice(since).some(({ event }) => event === name);
  const opened = await offerer.pairing.offer({
    ...{ kind: 'join', code: CODE, label: 'laptop', seconds: 300, ...throwAway() },
  });
  assert.ok('result' in opened, JSON.stringify(opened));
  const { run, listeners }: OfferOpened = opened.result;
  if (listeners.length === 0) {
    // It is tried again, and told as heard of when it works.
    offerer.pairing.cancel({ run });
    return false;
  }
  const begun = await joiner.pairing.join({
    ...{ kind: 'join', offer: listeners[0], code: CODE, label: 'camera', ...throwAway() },
  });
  assert.ok('result' in begun, JSON.stringify(begun));
  return eventually(() => {
    const [here, there] = [
      hasTold(offerer, offererSince, 'pair-proved'),
      hasTold(joiner, joinerSince, 'pair-proved'),
    ];
    if (here && there) return true;
    if (hasTold(offerer, offererSince, 'pair-ended') && hasTold(joiner, joinerSince, 'pair-ended'))
      return false;
    // An offer outlives a run that was cut: whoever made it ends it.
    if (hasTold(joiner, joinerSince, 'pair-ended')) offerer.pairing.cancel({ run });
    return null;
  });
}

test('pairing: both prove the code, or both are told the end, and can try again', async (t) => {
  await tryEveryCall(t, 4, {
    kind: 'sockets',
    make: async () => ({
      offerer: await startGatewayHere(createEnv({ pki, couchUrl: upstream.url })),
      joiner: await startGatewayHere({ version: 1, listen: { on: 'loopback' } }),
    }),
    act: pairUp,
    check({ offerer, joiner }, result) {
      for (const { pairing } of [offerer, joiner]) {
        const { run } = pairing.status();
        if (result !== true && run !== null) pairing.cancel({ run: run.run });
      }
    },
    async again(pair, result) {
      if (result !== true) assert.equal(await pairUp(pair), true);
      await Promise.all([pair.offerer.stop(), pair.joiner.stop()]);
    },
  });
});

const adminEnv = (): NodeJS.ProcessEnv => ({
  PATCHCORD_COUCHDB_ADMIN: couch.admin.username,
  PATCHCORD_COUCHDB_PASSWORD: couch.admin.password,
});
const provision = (home: TestHome): Promise<Result> =>
  runHere(home, ['provision', '--yes', '--json'], adminEnv());

async function makeUnprovisioned(t: TestContext): Promise<{ home: TestHome; database: string }> {
  const home = createTestHome(t);
  const database = await couch.createDatabase('first', {});
  const directory = await couch.createDatabase('directory', {});
  const databases = [database, directory].map((name) => ({ name, access: 'write' }));
  home.writeConfig({
    couchdb: { url: couch.url },
    directory,
    policy: {
      roles: { 'own-device': { databases, files: 'all', credentials: 'own' } },
      principals: [{ issuer: 'user', role: 'own-device' }],
    },
  });
  assert.equal((await runHere(home, ['init'])).code, 0);
  return { home, database };
}

for (const kind of ['files', 'sockets'] as const) {
  test(`provisioning (${kind}): the credentials that are kept are good once it was run again`, async (t) => {
    await tryEveryCall(t, 8, {
      kind,
      make: () => makeUnprovisioned(t),
      act: ({ home }) => provision(home),
      check(_, result) {
        if (result === null) return;
        const told = `${result.stdout}${result.stderr}`;
        if (result.code !== 0) assert.ok(!['', 'internal'].includes(failureOf(result)), told);
      },
      async again({ home, database }) {
        const result = await provision(home);
        assert.equal(result.code, 0, result.stdout + result.stderr);
        const kept = JSON.parse(readFileSync(home.paths.credentials, 'utf8')) as { own: { basic: Login } };
        const headers = { authorization: basicOf(kept.own.basic) };
        assert.equal((await fetch(new URL(database, couch.url), { headers })).status, 200);
      },
    });
  });
}
