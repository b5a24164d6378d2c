// What a request costs the gateway beside what it costs the others, in turns.
import { constants, setPriority } from 'node:os';
import { spreadsOf } from './figures.js';
import { run } from './load.js';
import { withServers } from './servers.js';

const GIB = 1024 ** 3;
const KIB = 1024;
/** Node is several times slower before it is warm: on a slow machine a tenth to a fourth still after four seconds. */
const WARM_SECONDS = 8;
/** There are a hundred times fewer of them in a second, and what is warm is what was called often. */
const WARM_HANDSHAKES_SECONDS = 10;
/** Of what a process did before. */
const BEFORE_SECONDS = 3;
const BEFORE_CONNECTIONS = 500;

/**
 * Runs `runOnce` for each server in turns, and tells what `figure` makes of each run. The processes are this measure's own:
 * what others asked of them would be measured with it.
 */
function inTurns(setting, { runOnce, figure, warmSeconds = WARM_SECONDS, isOfFiles = false, before = null }) {
  return withServers(setting, async (all) => {
    const servers = all.filter(({ servesNoFiles }) => !isOfFiles || servesNoFiles !== true);
    const figures = new Map(servers.map(({ name }) => [name, []]));
    for (const server of servers) {
      await before?.(server);
      await runOnce(server, warmSeconds);
    }
    for (let round = 0; round < setting.rounds; round++) {
      // Another one begins each time.
      const turn = servers.map((_, index) => servers[(index + round) % servers.length]);
      for (const server of turn)
        figures.get(server.name).push(figure(await runOnce(server, setting.seconds)));
    }
    return spreadsOf(figures);
  });
}

const microsecondsOf = ({ cpuSeconds, requests }) => (cpuSeconds / requests) * 1e6;
const secondsPerGbOf = ({ cpuSeconds, bytes }) => (cpuSeconds / bytes) * 1e9;
const loadOf = (path, connections, isBlob) => ({ work: 'load', path, isBlob, connections });

const blobs = (name, size, connections, atMost) => ({
  name,
  unit: size === GIB ? 'CPU s/GB' : 'CPU µs/request',
  target: { atMost },
  run({ store, client, ...setting }) {
    const blob = store.put(size);
    return inTurns(
      { store, ...setting },
      {
        isOfFiles: true,
        runOnce: (server, seconds) =>
          run(client, server, loadOf(server.blobPath(blob), connections, true), seconds),
        figure: size === GIB ? secondsPerGbOf : microsecondsOf,
      },
    );
  },
});

const forwarding = {
  name: 'small CouchDB reply forwarded, 16 connections',
  unit: 'CPU µs/request',
  target: { atMost: 2.5 },
  run: (setting) => forwardInTurns(setting, null),
};

/** What a process did before may cost those that it serves later. */
const forwardingLater = {
  name: 'the same after large blobs and many connections',
  unit: 'CPU µs/request',
  run({ store, client, ...setting }) {
    const blob = store.put(GIB);
    return forwardInTurns({ store, client, ...setting }, async (server) => {
      if (server.servesNoFiles !== true)
        for (const connections of [1, 16])
          await run(client, server, loadOf(server.blobPath(blob), connections, true), BEFORE_SECONDS);
      const idle = { work: 'hold', port: server.port, path: null, connections: BEFORE_CONNECTIONS };
      await client.order('begin', idle);
      await client.order('stop');
    });
  },
};

function forwardInTurns({ client, ...setting }, before) {
  const runOnce = (server, seconds) => run(client, server, loadOf(server.documentPath, 16, false), seconds);
  return inTurns(setting, { before, runOnce, figure: microsecondsOf });
}

const handshakes = {
  name: 'full mutual handshake and one request',
  unit: 'CPU µs/request',
  target: { atMost: 1.25 },
  run({ client, ...setting }) {
    const orderOf = ({ documentPath: path }) => ({ work: 'handshakes', path, isBlob: false, connections: 4 });
    return inTurns(setting, {
      runOnce: (server, seconds) => run(client, server, orderOf(server), seconds),
      figure: microsecondsOf,
      warmSeconds: WARM_HANDSHAKES_SECONDS,
    });
  },
};

const latency = {
  name: 'p99 of others during 4 bulk downloads',
  unit: 'ms',
  target: { atMost: 1 },
  async run({ store, client, newClient, ...setting }) {
    const [bulk, small] = [store.put(GIB), store.put(4 * KIB)];
    const other = await newClient();
    // What is measured is how long the server takes, and not which of the two clients gets a core.
    setPriority(other.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    try {
      const runOnce = async (server, seconds) => {
        const [heavy, light] = [bulk, small].map((blob) => loadOf(server.blobPath(blob), 4, true));
        const [, result] = await Promise.all([
          run(other, server, heavy, seconds + 0.6),
          run(client, server, light, seconds),
        ]);
        return result;
      };
      const figure = ({ p99Ms }) => p99Ms;
      return await inTurns({ store, ...setting }, { isOfFiles: true, runOnce, figure });
    } finally {
      other.stop();
    }
  },
};

export const SERVING = [
  blobs('1 GiB blob, 1 connection', GIB, 1, 0.7),
  blobs('1 GiB blob, 16 connections', GIB, 16, 0.95),
  blobs('64 KiB blobs, 16 connections', 64 * KIB, 16, 1),
  blobs('4 KiB blobs, 16 connections', 4 * KIB, 16, 2),
  latency,
  forwarding,
  forwardingLater,
  handshakes,
];
