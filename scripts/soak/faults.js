// What befalls the devices: each fault begins, lasts as long as the caller lets it, and is mended.
import { readFileSync } from 'node:fs';

/** Each returns what ends it. `device` is one of the two. */
export const FAULTS = {
  'cable pulled': (_, network) => {
    network.unplug();
    return () => network.plug();
  },
  'gateway killed': (device) => signal(device, 'patchcord-gateway', 'SIGKILL'),
  'gateway hung': (device) => hang(device, 'patchcord-gateway'),
  'upstream killed': (device) => signal(device, 'embedded-couch/child', 'SIGKILL'),
  'upstream hung': (device) => hang(device, 'embedded-couch/child'),
  'agent killed': async (device) => {
    await device.kill();
    return () => device.up();
  },
  'agent stopped': async (device) => {
    await device.down();
    return () => device.up();
  },
  'drive full': (device) => {
    device.drive.fill();
    return () => device.drive.empty();
  },
  'drive taken away': (device) => {
    device.drive.takeAway();
    return () => device.drive.bringBack();
  },
};

const nothing = () => undefined;

function signal(device, part, name) {
  const pid = descendantOf(device.pid(), part);
  if (pid !== null) process.kill(pid, name);
  return nothing;
}

function hang(device, part) {
  const pid = descendantOf(device.pid(), part);
  if (pid === null) return nothing;
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

/** The process below `pid` whose command names `part`; null where there is none now. */
function descendantOf(pid, part) {
  for (const child of childrenOf(pid)) {
    if (read(`/proc/${child}/cmdline`).includes(part)) return child;
    const deeper = descendantOf(child, part);
    if (deeper !== null) return deeper;
  }
  return null;
}

const childrenOf = (pid) =>
  read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
