// What is measured over cables, in a namespace of its own: `node bench/inside.js MEASURE ROUNDS` tells it as one line of JSON.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askAgentIfUp } from '../dist/agent/rpc/ask-agent.js';
import { currentPeers, importInto, startHub, until } from './parts/hub.js';
import { cpuSecondsOf } from './parts/process.js';
import { copyByTcp } from './parts/tcp-copy.js';

const DATABASE = 'dmedia-0';
const MB = 1_000_000;
const BLOB_BYTES = 512 * MB;
const SMALL_BLOB_BYTES = 100 * MB;
/** Peers are asked what they have every half a second. */
const ASKED_MS = 1500;
const [, , what, rounds] = process.argv;

/** Seconds from the end of the kernel's address check to a document of the peer in the database here. */
async function plugged({ here, others, cables }) {
  const [other, cable] = [others[0], cables[0]];
  cable.unplug();
  await until(async () => (await here.sync()).pulls.length === 0);
  const id = `bench-${randomBytes(6).toString('hex')}`;
  await other.ask('PUT', `/${DATABASE}/${id}`, { text: 'written while away' });
  const arrived = await watchFor(here, id);
  const plugged = performance.now();
  cable.plug();
  await until(() => cable.isChecked());
  const checked = performance.now();
  await arrived.promise;
  const seconds = (arrived.at() - checked) / 1000;
  const fromPlug = (arrived.at() - plugged) / 1000;
  await until(async () => (await currentPeers(here)) === 1);
  return { seconds, fromPlug };
}

/** By a feed that is open before anything can come. */
async function watchFor(device, id) {
  const { url, credentials } = await askAgentIfUp(device.paths, 'couchdb');
  const { username, password } = credentials.own.basic;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const feed = new URL(`/${DATABASE}/_changes?feed=continuous&since=now&heartbeat=1000`, url);
  const reply = await fetch(feed, { headers: { authorization } });
  let at;
  const promise = (async () => {
    let said = '';
    for await (const bytes of reply.body) {
      said += Buffer.from(bytes).toString();
      if (!said.includes(`"${id}"`)) continue;
      at = performance.now();
      break;
    }
  })();
  return { promise, at: () => at };
}

/** A file that these have and that is asked for here: MB/s, and CPU seconds a GB of all devices together. */
async function fetched({ root, here, others, cables }, sources, bytes) {
  // Whoever was asked before it had the file is asked again much later.
  for (const cable of cables) cable.unplug();
  await until(async () => (await here.sync()).pulls.length === 0);
  const id = await importInto(sources, root, bytes);
  for (const cable of cables) cable.plug();
  await until(async () => (await currentPeers(here)) === others.length);
  await until(async () => (await here.sync()).files.missing > 0);
  await delay(ASKED_MS);
  const cpuSeconds = () => [here, ...others].reduce((sum, one) => sum + cpuSecondsOf(one.pid()), 0);
  const [begun, used] = [performance.now(), cpuSeconds()];
  await askAgentIfUp(here.paths, 'fetch', { ids: [id] });
  await here.untilEvent((line) => line.event === 'file-fetched' && line.id === id);
  const seconds = (performance.now() - begun) / 1000;
  return { rate: bytes / MB / seconds, cpu: ((cpuSeconds() - used) / bytes) * 1000 * MB };
}

const MEASURES = {
  async plug(root) {
    const hub = await startHub(root, 1);
    return inRounds(hub, () => plugged(hub));
  },
  async link(root) {
    const hub = await startHub(root, 1);
    const [cable] = hub.cables;
    cable.shape('1gbit');
    return inRounds(hub, async () => ({
      tcp: await copyByTcp(cable, BLOB_BYTES),
      blob: await fetched(hub, hub.others, BLOB_BYTES),
    }));
  },
  async sources(root) {
    const hub = await startHub(root, 2);
    for (const cable of hub.cables) cable.shape('100mbit');
    return inRounds(hub, async () => ({
      one: await fetched(hub, hub.others.slice(0, 1), SMALL_BLOB_BYTES),
      two: await fetched(hub, hub.others, SMALL_BLOB_BYTES),
    }));
  },
};

/** One to warm up, and so many that count. */
async function inRounds(hub, runOnce) {
  try {
    await runOnce();
    const told = [];
    for (let round = 0; round < Number(rounds); round++) told.push(await runOnce());
    return told;
  } finally {
    await hub.close();
  }
}

console.log(JSON.stringify(await MEASURES[what](mkdtempSync(join(tmpdir(), 'patchcord-bench-')))));
// Feeds that are open would hold it.
process.exit();
