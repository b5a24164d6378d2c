// What the cable issue aims at, between real devices in network namespaces: from plug to document, blobs over a shaped
// link, and two sources beside one. The links are virtual; what shapes them is the kernel's token bucket (tc-tbf(8)).
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { spreadOf } from './figures.js';

const INSIDE = fileURLToPath(new URL('../inside.js', import.meta.url));
/** As root or not: a user namespace makes one, where the system lets people have one. */
const ENTER = ['-Urnm', '--fork', '--kill-child', process.execPath, INSIDE];
const GIGABIT_MB = 125;
/** A run of half a GB and a new file for each. */
const MOST_ROUNDS = 5;

const mayHaveNamespaces = () =>
  spawnSync('unshare', ['-Urnm', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0;

/** What each round told. Where the system lets nobody have namespaces it says so, and the run goes on. */
function inside(what, rounds) {
  if (!mayHaveNamespaces()) {
    console.error('not measured: this system lets nobody have network namespaces (unshare, ip)');
    return [];
  }
  const args = [...ENTER, what, String(Math.min(rounds, MOST_ROUNDS))];
  const { status, stdout } = spawnSync('unshare', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`what is measured over a cable ended with ${status}`);
  return JSON.parse(stdout);
}

const tableOf = (told, columns) =>
  new Map(
    told.length === 0
      ? []
      : Object.entries(columns).map(([name, { of, more }]) => [
          name,
          { ...spreadOf(told.map(of)), ...(more !== undefined && { more }) },
        ]),
  );

const plug = {
  name: 'address check to first document of the peer',
  unit: 's',
  target: { atMost: 1.5, of: 'value' },
  run({ rounds }) {
    const told = inside('plug', rounds);
    return tableOf(told, {
      patchcord: { of: ({ seconds }) => seconds, more: 'embedded servers' },
      'from the plug, check included': { of: ({ fromPlug }) => fromPlug },
    });
  },
};

const PLAIN = 'plain TCP copy';
const link = {
  name: 'one blob over 1 Gbit/s',
  unit: 'MB/s',
  against: PLAIN,
  target: { atLeast: 0.95 },
  run({ rounds }) {
    const told = inside('link', rounds);
    return tableOf(told, {
      patchcord: {
        of: ({ blob }) => blob.rate,
        more: `${shareOf(told, ({ blob }) => blob.rate)}, ${cpuOf(told)}`,
      },
      [PLAIN]: { of: ({ tcp }) => tcp, more: shareOf(told, ({ tcp }) => tcp) },
    });
  },
};

/** Of the bits that the token bucket lets through, headers of TCP, IPv6 and Ethernet among them. */
function shareOf(told, of) {
  if (told.length === 0) return '';
  const { median } = spreadOf(told.map(of));
  return `${((median / GIGABIT_MB) * 100).toFixed(1)} % of a link shaped by tbf is payload`;
}

/** Both ends run on this machine, where two real devices would have their own. */
function cpuOf(told) {
  if (told.length === 0) return '';
  const { median } = spreadOf(told.map(({ blob }) => blob.cpu));
  return `${median.toFixed(1)} CPU s/GB for both ends, on ${availableParallelism()} cores`;
}

const ONE = 'one source';
const sources = {
  name: 'two sources, 100 Mbit/s each',
  unit: 'MB/s',
  against: ONE,
  /** Faster than one, by more than any noise. */
  target: { atLeast: 1.5 },
  run({ rounds }) {
    const told = inside('sources', rounds);
    return tableOf(told, {
      patchcord: { of: ({ two }) => two.rate, more: 'shaped by tbf' },
      [ONE]: { of: ({ one }) => one.rate, more: 'shaped by tbf' },
    });
  },
};

export const CABLE = [plug, link, sources];
