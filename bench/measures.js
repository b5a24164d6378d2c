// What is measured, and what is aimed at: server CPU relative to nginx in the same run, unless a measure says otherwise.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CABLE } from './parts/cable.js';
import { spreadOf } from './parts/figures.js';
import { GROWTH } from './parts/growth.js';
import { HASHING } from './parts/hashing.js';
import { run } from './parts/load.js';
import { pairSeveral } from './parts/pairing.js';
import { residentBytesOf } from './parts/process.js';
import { REPLICATION } from './parts/replication.js';
import { gatewayEnv, startAll } from './parts/servers.js';

const GIB = 1024 ** 3;
const KIB = 1024;
const GATEWAY = fileURLToPath(new URL('../bin/patchcord-gateway', import.meta.url));
/** Node is several times slower before it is warm, and what forwards is so after four seconds: two thirds more in the third. */
const WARM_SECONDS = 4;
/** There are a hundred times fewer of them in a second, and what is warm is what was called often. */
const WARM_HANDSHAKES_SECONDS = 10;
const IDLE_CONNECTIONS = 500;
const FEEDS = 400;

/** Runs `once` for each server in turns, and tells what `figure` makes of each run. */
async function inTurns({ servers, rounds, seconds }, runOnce, figure, warmSeconds = WARM_SECONDS) {
  const figures = new Map(servers.map(({ name }) => [name, []]));
  for (const server of servers) await runOnce(server, warmSeconds);
  for (let round = 0; round < rounds; round++) {
    // Another one begins each time.
    const turn = servers.map((_, index) => servers[(index + round) % servers.length]);
    for (const server of turn) figures.get(server.name).push(figure(await runOnce(server, seconds)));
  }
  return new Map([...figures].map(([name, values]) => [name, spreadOf(values)]));
}

const blobs = (name, size, connections, atMost) => ({
  name,
  unit: size === GIB ? 'CPU s/GB' : 'CPU µs/request',
  target: { atMost },
  run({ store, client, ...more }) {
    const blob = store.put(size);
    const servers = more.servers.filter(({ servesNoFiles }) => servesNoFiles !== true);
    const runOnce = (server, seconds) =>
      run(client, server, { work: 'load', path: server.blobPath(blob), isBlob: true, connections }, seconds);
    const figure = ({ cpuSeconds, bytes, requests }) =>
      size === GIB ? (cpuSeconds / bytes) * 1e9 : (cpuSeconds / requests) * 1e6;
    return inTurns({ ...more, servers }, runOnce, figure);
  },
});

const forwarding = {
  name: 'small CouchDB reply forwarded, 16 connections',
  unit: 'CPU µs/request',
  target: { atMost: 2.5 },
  run({ client, ...more }) {
    const runOnce = (server, seconds) =>
      run(
        client,
        server,
        { work: 'load', path: server.documentPath, isBlob: false, connections: 16 },
        seconds,
      );
    return inTurns(more, runOnce, ({ cpuSeconds, requests }) => (cpuSeconds / requests) * 1e6);
  },
};

const handshakes = {
  name: 'full mutual handshake and one request',
  unit: 'CPU µs/request',
  target: { atMost: 1.25 },
  run({ client, ...more }) {
    const runOnce = (server, seconds) =>
      run(
        client,
        server,
        { work: 'handshakes', path: server.documentPath, isBlob: false, connections: 4 },
        seconds,
      );
    return inTurns(
      more,
      runOnce,
      ({ cpuSeconds, requests }) => (cpuSeconds / requests) * 1e6,
      WARM_HANDSHAKES_SECONDS,
    );
  },
};

const latency = {
  name: 'p99 of others during 4 bulk downloads',
  unit: 'ms',
  target: { atMost: 1 },
  async run({ store, client, newClient, ...more }) {
    const [bulk, small] = [store.put(GIB), store.put(4 * KIB)];
    const other = await newClient();
    // What is measured is how long the server takes, and not which of the two clients gets a core.
    setPriority(other.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    try {
      const servers = more.servers.filter(({ servesNoFiles }) => servesNoFiles !== true);
      const runOnce = async (server, seconds) => {
        const heavy = { work: 'load', path: server.blobPath(bulk), isBlob: true, connections: 4 };
        const light = { work: 'load', path: server.blobPath(small), isBlob: true, connections: 4 };
        const [, result] = await Promise.all([
          run(other, server, heavy, seconds + 0.6),
          run(client, server, light, seconds),
        ]);
        return result;
      };
      return await inTurns({ ...more, servers }, runOnce, ({ p99Ms }) => p99Ms);
    } finally {
      other.stop();
    }
  },
};

const held = (name, count, pathOf, atMost) => ({
  name,
  unit: 'KB',
  target: { atMost, of: 'value' },
  // Of new processes: what was freed before would be used again. As many stay open as are measured: what a process takes
  // once, when it first has something to do, is not theirs.
  async run({ client, newClient, rounds, ...setting }) {
    const figures = new Map(setting.servers.map(({ name }) => [name, []]));
    const other = await newClient();
    try {
      for (let round = 0; round < Math.min(rounds, 3); round++) {
        for (const server of await startAll(setting)) {
          const order = { work: 'hold', port: server.port, path: pathOf(server), connections: count };
          await other.order('begin', order);
          const before = residentBytesOf(server.pid);
          await client.order('begin', order);
          figures.get(server.name).push((residentBytesOf(server.pid) - before) / count / 1000);
          for (const each of [client, other]) await each.order('stop');
          await server.stop();
        }
      }
    } finally {
      other.stop();
    }
    return new Map([...figures].map(([name, values]) => [name, spreadOf(values)]));
  },
});

/** From the start of a process to `isReady` of its output, in ms; and its memory then. */
async function startOnce(args, input, isReady) {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => undefined);
  child.stdin.write(input);
  let said = '';
  for await (const bytes of child.stdout) {
    said += bytes;
    if (isReady(said)) break;
  }
  const ms = performance.now() - begun;
  const residentBytes = child.exitCode === null && input !== '' ? residentBytesOf(child.pid) : 0;
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { ms, residentBytes };
}

/** `until`: the name of an event. `ready` comes after `listening`, when the upstream was asked about the credentials. */
const starts = (setting, until) =>
  startOnce([GATEWAY], `${JSON.stringify(gatewayEnv(setting))}\n`, (said) => said.includes(`"${until}"`));

const startTime = {
  name: 'start to listening',
  unit: 'ms',
  target: { atMost: 1.7 },
  against: 'an empty Node process',
  async run(setting) {
    const figures = { patchcord: [], 'an empty Node process': [] };
    for (let round = 0; round <= setting.rounds * 2; round++) {
      const [ours, empty] = [
        await starts(setting, 'listening'),
        await startOnce(['-e', 'console.log("ready")'], '', (said) => said !== ''),
      ];
      if (round === 0) continue;
      figures.patchcord.push(ours.ms);
      figures['an empty Node process'].push(empty.ms);
    }
    return new Map(Object.entries(figures).map(([name, values]) => [name, spreadOf(values)]));
  },
};

const freshMemory = {
  name: 'memory of a fresh process',
  unit: 'MB',
  target: { atMost: 60, of: 'value' },
  async run(setting) {
    const values = [];
    for (let round = 0; round < setting.rounds; round++)
      values.push((await starts(setting, 'ready')).residentBytes / 1e6);
    return new Map([['patchcord', spreadOf(values)]]);
  },
};

const pairing = {
  name: 'pairing, from the typed code to a leaf',
  unit: 's',
  target: { atMost: 2, of: 'value' },
  run: async ({ rounds }) => new Map([['patchcord', spreadOf(await pairSeveral(rounds))]]),
};

export const MEASURES = [
  pairing,
  freshMemory,
  held('memory of an idle connection', IDLE_CONNECTIONS, () => null, 80),
  held('memory of an open _changes feed', FEEDS, ({ feedPath }) => feedPath, 95),
  startTime,
  blobs('1 GiB blob, 1 connection', GIB, 1, 0.7),
  blobs('1 GiB blob, 16 connections', GIB, 16, 0.95),
  blobs('64 KiB blobs, 16 connections', 64 * KIB, 16, 1),
  blobs('4 KiB blobs, 16 connections', 4 * KIB, 16, 2),
  latency,
  forwarding,
  handshakes,
  ...HASHING,
  ...GROWTH,
  ...REPLICATION,
  ...CABLE,
];
