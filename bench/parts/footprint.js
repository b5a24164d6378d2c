// What the gateway takes as a process: memory when it is new and for what peers hold open, and the time to its start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spreadOf, spreadsOf } from './figures.js';
import { residentBytesOf } from './process.js';
import { gatewayEnv, withServers } from './servers.js';

const GATEWAY = fileURLToPath(new URL('../../bin/patchcord-gateway', import.meta.url));
const IDLE_CONNECTIONS = 500;
const FEEDS = 400;
const MAX_ROUNDS = 3;

const held = (name, count, pathOf, atMost) => ({
  name,
  unit: 'KB',
  target: { atMost, of: 'value' },
  // Of new processes: what was freed before would be used again. As many stay open as are measured: what a process takes
  // once, when it first has something to do, is not theirs.
  async run({ client, newClient, rounds, ...setting }) {
    const figures = new Map();
    const other = await newClient();
    const measure = async (server) => {
      const order = { work: 'hold', port: server.port, path: pathOf(server), connections: count };
      await other.order('begin', order);
      const before = residentBytesOf(server.pid);
      await client.order('begin', order);
      const bytes = (residentBytesOf(server.pid) - before) / count;
      for (const each of [client, other]) await each.order('stop');
      figures.set(server.name, [...(figures.get(server.name) ?? []), bytes / 1000]);
    };
    try {
      for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++)
        await withServers(setting, async (servers) => {
          for (const server of servers) await measure(server);
        });
    } finally {
      other.stop();
    }
    return spreadsOf(figures);
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
    return spreadsOf(new Map(Object.entries(figures)));
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

export const FOOTPRINT = [
  freshMemory,
  held('memory of an idle connection', IDLE_CONNECTIONS, () => null, 80),
  held('memory of an open _changes feed', FEEDS, ({ feedPath }) => feedPath, 95),
  startTime,
];
