// The same replication of small documents between the same two databases, directly and through a peer stream and the
// gateway of the peer, in turns.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { launchGateway } from '../../dist/index.js';
import { startDatabases } from './databases.js';
import { spreadOf } from './figures.js';
import { gatewayEnv } from './servers.js';

/** As the issue names it; fewer for a trial. */
const DOCUMENTS = Number(process.env.PATCHCORD_BENCH_DOCUMENTS ?? 50_000);
const WARM_DOCUMENTS = Math.min(DOCUMENTS, 2000);
const BATCH = 1000;
const TEXT = 'x'.repeat(150);
const DIRECT = 'direct';

export const REPLICATION = [
  {
    name: `${DOCUMENTS.toLocaleString('en')} small documents replicated`,
    unit: 's',
    against: DIRECT,
    target: { atMost: 1.15 },
    async run({ pki, folder, store, rounds }) {
      const databases = await startDatabases(join(folder, 'databases'));
      const gateways = [];
      try {
        const run = await prepare({ pki, store, databases, gateways });
        for (const way of ['patchcord', DIRECT]) await run(way, 'warm', WARM_DOCUMENTS);
        const seconds = { patchcord: [], [DIRECT]: [] };
        for (let round = 0; round < rounds; round++)
          for (const way of round % 2 === 0 ? [DIRECT, 'patchcord'] : ['patchcord', DIRECT])
            seconds[way].push(await run(way, 'all', DOCUMENTS));
        return new Map(
          Object.entries(seconds).map(([way, values]) => [
            way,
            { ...spreadOf(values), more: databases.kind },
          ]),
        );
      } finally {
        for (const gateway of gateways.reverse()) await gateway.stop();
        await databases.close();
      }
    },
  },
];

/** Resolves with what runs one replication of `what` in one way, and tells its seconds. */
async function prepare({ pki, store, databases, gateways }) {
  const [source, target] = databases.ends;
  const logins = [await source.createUser(), await target.createUser()];
  const start = `patchcord-bench-${randomBytes(5).toString('hex')}`;
  for (const [what, count] of [
    ['warm', WARM_DOCUMENTS],
    ['all', DOCUMENTS],
  ])
    await fill(source, `${start}-${what}`, logins[0], count);
  const names = [`${start}-warm`, `${start}-all`];
  const [far, near] = [
    gatewayOf({ pki, store, url: source.url, login: logins[0], names }),
    gatewayOf({ pki: { ...pki, server: pki.client }, store, url: target.url, login: logins[1], names }),
  ];
  const serving = await launch(far, gateways);
  const token = randomBytes(24).toString('hex');
  const { port } = serving.ready.listeners[0];
  near.peerStreams = {
    port: 0,
    tokens: { replicator: token },
    addresses: { [pki.server.deviceId]: [{ address: '::1', zone: null, port }] },
  };
  const streams = await launch(near, gateways);
  const stream = {
    url: `http://127.0.0.1:${streams.ready.peerStreams.port}/peers/${pki.server.deviceId}/couch/`,
    login: { username: 'patchcord', password: token },
  };
  const from = { patchcord: stream, [DIRECT]: { url: source.url, login: logins[0] } };
  return async (way, what, count) => {
    const into = `${start}-into-${randomBytes(4).toString('hex')}`;
    await target.createDatabase(into, logins[1]);
    const begun = performance.now();
    await databases.replicate({
      source: { url: `${from[way].url}${start}-${what}`, login: from[way].login },
      target: { url: `${target.url}${into}`, login: logins[1] },
    });
    const seconds = (performance.now() - begun) / 1000;
    const { doc_count: arrived } = await target.ask('GET', `/${into}`);
    if (arrived !== count) throw new Error(`${arrived} of ${count} documents came`);
    await target.remove(`/${into}`);
    return seconds;
  };
}

async function fill(end, name, login, count) {
  await end.createDatabase(name, login);
  for (let from = 0; from < count; from += BATCH) {
    const docs = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      _id: `doc-${String(from + index).padStart(6, '0')}`,
      text: TEXT,
    }));
    await end.ask('POST', `/${name}/_bulk_docs`, { docs });
  }
}

function gatewayOf({ pki, store, url, login, names }) {
  const env = gatewayEnv({ pki, store, upstreamPort: 0, grants: names });
  env.couchdb = { url, databases: names, credentials: { own: { basic: login } } };
  return env;
}

async function launch(env, gateways) {
  const gateway = await launchGateway(env, { onLog: (line) => console.error(line) });
  gateways.push(gateway);
  void (async () => {
    for await (const event of gateway.events)
      if (event.event === 'warning' || event.event === 'denied') console.error(JSON.stringify(event));
  })();
  return gateway;
}
