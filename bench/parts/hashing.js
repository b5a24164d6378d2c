// Hashing: one thread beside SHA-256, and `files verify` with two cores beside one.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { spreadOf } from './figures.js';

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const GIB = 1024 ** 3;

const skein = {
  name: 'Skein-512, one thread',
  unit: 'GB/CPU s',
  against: 'SHA-256',
  target: { atLeast: 0.9, of: 'value' },
  run() {
    const told = JSON.parse(execFileSync(process.execPath, [pathOf('skein.js')], { encoding: 'utf8' }));
    return new Map([
      ['patchcord', spreadOf(told.skein)],
      ['SHA-256', spreadOf(told.sha256)],
    ]);
  },
};

/** Seconds to hash a file on these cores: the threads are as many as the cores that a process may have. */
const secondsOn = (cores, file) =>
  Number(
    execFileSync('taskset', ['-c', cores, process.execPath, pathOf('hash.js'), file], { encoding: 'utf8' }),
  );

const verify = {
  name: 'files verify, two cores for one',
  unit: 'times as fast',
  target: { atLeast: 1.8, of: 'value' },
  run({ store, rounds }) {
    const { plainPath } = store.put(GIB);
    const file = `${store.dmedia}${plainPath}`;
    const gains = Array.from({ length: rounds }, () => secondsOn('0', file) / secondsOn('0,1', file));
    return new Map([['patchcord', spreadOf(gains)]]);
  },
};

export const HASHING = [skein, verify];
