// The soak from its first line to the summary at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../.test-build/kit/fuzz.js';
import { createDevice } from '../demo/device.js';
import { plugCable } from '../demo/network.js';
import { DATABASE, pairUp } from '../demo/steps.js';
import { differences } from './compare.js';
import { createDrive } from './drive.js';
import { FAULTS } from './faults.js';
import { createLoad } from './load.js';

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
/** Between two things that one device does, and between two faults. */
const LOAD_REST_MS = 100;
const REFUSED_REST_MS = 500;
const CALM_MS = 8000;
const FAULT_MS = 6000;
/** For all to come to be the same, when nothing is broken any more. */
const SETTLE_MS = 4 * MINUTE_MS;
const LOOK_MS = 1000;

/** Resolves with the exit code. */
export async function runSoak({ minutes, seed }) {
  console.log(`Soak of ${minutes} minutes, --seed ${seed}`);
  const root = mkdtempSync(join(tmpdir(), 'patchcord-soak-'));
  const network = await plugCable();
  const devices = ['near', 'far'].map((name) => makeDevice(root, name, network[name]));
  try {
    await begin(devices, network);
    const random = createRandom(seed);
    const load = createLoad({ random: createRandom(seed + 1), devices });
    const faults = await befall({
      devices,
      network,
      random,
      load,
      until: performance.now() + minutes * MINUTE_MS,
    });
    const found = await settle(devices, load);
    summarize({ minutes, seed, load, faults, devices, found });
    return found.differences.length === 0 && devices.every(({ unexpected }) => unexpected.length === 0)
      ? 0
      : 1;
  } finally {
    await Promise.all(devices.map((device) => device.kill()));
    network.close();
    for (const { drive } of devices) drive.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function makeDevice(root, name, place) {
  const drive = createDrive(join(root, `${name}-drive`));
  const device = createDevice({ root: join(root, name), name, ...place });
  // No room is kept: the drive is to be full for real.
  device.writeConfig({ files: { stores: [drive.folder] }, fetch: { keepFreeBytes: 0 } });
  return Object.assign(device, { drive, sources: join(root, `${name}-takes`) });
}

async function begin([near, far], network) {
  for (const device of [near, far]) await device.run('files', 'stores', '--add', device.drive.folder);
  near.deviceId = (await near.up()).deviceId;
  await pairUp(near, far, network);
  far.deviceId = (await far.up()).deviceId;
}

/** Load on both, and one fault after the other; resolves with how often each was. */
async function befall({ devices, network, random, load, until }) {
  const isOver = () => performance.now() > until;
  const work = async (device) => {
    while (!isOver()) {
      const worked = await load.one(device);
      await delay(worked ? LOAD_REST_MS : REFUSED_REST_MS);
    }
  };
  const working = devices.map(work);
  const counts = new Map();
  while (!isOver()) {
    await delay(random.int(CALM_MS));
    const [name, device] = [random.pick(Object.keys(FAULTS)), random.pick(devices)];
    console.log(`${new Date().toISOString()}  ${device.name}: ${name}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const mend = await FAULTS[name](device, network);
    await delay(random.int(FAULT_MS));
    await mend();
  }
  await Promise.all(working);
  return counts;
}

/** Nothing is broken any more: what was cut short is done, and both come to be the same, or do not in time. */
async function settle(devices, load) {
  const start = performance.now();
  for (const device of devices) await finish(device, load, start + SETTLE_MS);
  for (;;) {
    const found = await differences(devices, DATABASE);
    const tookMs = performance.now() - start;
    if (found.differences.length === 0 || tookMs > SETTLE_MS) {
      // Every file is hashed again; it fails where one is not what its name says.
      for (const device of devices) await device.run('files', 'verify');
      return { ...found, tookMs };
    }
    await delay(LOOK_MS);
  }
}

/** What was killed last is still coming up. */
async function finish(device, load, until) {
  for (;;) {
    try {
      await load.finish(device);
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      console.log(`${device.name}: ${error.message}`);
    }
    await delay(LOOK_MS);
  }
}

function summarize({ minutes, seed, load, faults, devices, found }) {
  console.log(`\nSummary: ${minutes} minutes, --seed ${seed}`);
  for (const [name, { worked, refused }] of [...load.counts].sort())
    console.log(`  ${name.padEnd(18)} ${String(worked).padStart(6)} done, ${refused} cut short or refused`);
  for (const [name, count] of [...faults].sort())
    console.log(`  ${name.padEnd(18)} ${String(count).padStart(6)} times`);
  console.log(
    `  on both: ${found.documents} documents (${found.conflicts} with conflicts, ${found.deleted} deleted), ` +
      `${found.attachments} attachments, ${found.files} files`,
  );
  for (const { name, unexpected } of devices)
    for (const text of unexpected) console.log(`  ${name}: ${text}`);
  const outcome = found.differences.length === 0 ? 'the same' : 'NOT THE SAME';
  console.log(`  compared: ${outcome}, ${(found.tookMs / SECOND_MS).toFixed(1)} s after the last fault`);
  for (const difference of found.differences.slice(0, 20)) console.log(`    ${difference}`);
}
