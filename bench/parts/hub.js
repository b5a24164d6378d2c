// One device here, and others each at the end of a cable of its own: network namespaces, and the real `patchcord up` in
// each. Runs where this process may make links (see cable.js).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDevice } from '../../scripts/demo/device.js';
import { pairUp } from '../../scripts/demo/steps.js';

const LOOK_MS = 20;
/** So much may be sent at once: less than a tick of the kernel's clock at 1 Gbit/s would hold the link below its rate. */
const BURST = '1mb';
const LATENCY = '50ms';
const PIECE_BYTES = 64 * 1024 * 1024;
/** What comes is asked for, so that it is known when it began. */
const CONFIG = { fetch: { databases: [] } };

/** An end of a cable, `cableN` here and `farN` there. */
async function plugIn(index) {
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo up; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const [here, there] = [`cable${index}`, `far${index}`];
  const enter = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
  const runThere = (...words) => execFileSync(enter[0], [enter[1], ...words]);
  const ip = (text) => execFileSync('ip', text.split(' '));
  ip(`link add ${here} type veth peer name ${there} netns ${holder.pid}`);
  ip(`link set ${here} up`);
  for (const link of ['lo', there]) runThere('ip', 'link', 'set', link, 'up');
  return {
    ...{ here, there, enter },
    unplug: () => ip(`link set ${here} down`),
    plug: () => ip(`link set ${here} up`),
    /** What is sent from there: throws where this kernel has no token bucket. */
    shape: (rate) =>
      runThere(
        ...`tc qdisc add dev ${there} root tbf rate ${rate} burst ${BURST} latency ${LATENCY}`.split(' '),
      ),
    /** Whether the kernel has checked the addresses of both ends. */
    isChecked: () => isChecked('self', here) && isChecked(holder.pid, there),
    close: () => holder.kill('SIGKILL'),
  };
}

/** Of the link's own address: flag 0x40 is "tentative" (include/uapi/linux/if_addr.h). */
function isChecked(pid, link) {
  const lines = readFileSync(`/proc/${pid}/net/if_inet6`, 'utf8').split('\n');
  const own = lines.map((line) => line.trim().split(/\s+/)).find(([, , , , , name]) => name === link);
  return own !== undefined && (parseInt(own[4], 16) & 0x40) === 0;
}

/** `here` and so many `others`, paired and up; `cables[n]` leads to `others[n]`. */
export async function startHub(root, count) {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const cables = [];
  const devices = [];
  const close = async () => {
    await Promise.all(devices.map((device) => device.down()));
    for (const cable of cables) cable.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  const add = (name, enter, links) => {
    const device = createDevice({ root: join(root, name), name, enter, listen: { on: links } });
    device.writeConfig(CONFIG);
    devices.push(device);
    return device;
  };
  try {
    for (let index = 0; index < count; index++) cables.push(await plugIn(index));
    const ends = cables.map((cable) => cable.here);
    const here = add('here', [], ends);
    await here.up();
    const others = [];
    for (const [index, { enter, there }] of cables.entries()) {
      const other = add(`other-${index}`, enter, [there]);
      await pairUp(here, other, { hasCable: true });
      await other.up();
      others.push(other);
    }
    await until(async () => (await currentPeers(here)) === count);
    return { root, here, others, cables, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function until(isSo) {
  while (!(await isSo())) await delay(LOOK_MS);
}

/** From how many everything that they have is here. */
export async function currentPeers(device) {
  const { pulls } = await device.sync();
  const isCurrent = (peer) => pulls.every(({ deviceId, state }) => deviceId !== peer || state === 'current');
  return new Set(pulls.map(({ deviceId }) => deviceId).filter(isCurrent)).size;
}

/** A file of random bytes, imported by each of these: its id. */
export async function importInto(devices, root, bytes) {
  const folder = join(root, 'new');
  mkdirSync(folder);
  const path = join(folder, 'take');
  const piece = Buffer.allocUnsafe(Math.min(bytes, PIECE_BYTES));
  for (let left = bytes; left > 0; left -= piece.length)
    writeFileSync(path, randomFillSync(piece).subarray(0, left), { flag: 'a' });
  let id;
  for (const device of devices)
    ({ id } = (await device.run('files', 'import', path)).find((line) => line.path === path));
  rmSync(folder, { recursive: true });
  return id;
}
