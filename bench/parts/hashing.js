// Hashing: one thread beside SHA-256, and `files verify` with two cores beside one.
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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
      ['patchcord', spreadOf(told.two)],
      ['a leaf by itself', spreadOf(told.one)],
      ['SHA-256', spreadOf(told.sha256)],
    ]);
  },
};

/** Seconds to hash a file on these cores: the threads are as many as the cores that a process may have. */
async function secondsOn(cores, file) {
  const args = ['-c', cores, process.execPath, pathOf('hash.js'), file];
  return Number((await promisify(execFile)('taskset', args)).stdout);
}

const verify = {
  name: 'files verify, two cores for one',
  unit: 'times as fast',
  against: 'two processes',
  target: { atLeast: 1.8, of: 'value' },
  async run({ store, rounds }) {
    const { plainPath } = store.put(GIB);
    const file = `${store.dmedia}${plainPath}`;
    const gains = { patchcord: [], 'two processes': [] };
    for (let round = 0; round < rounds; round++) {
      const alone = await secondsOn('0', file);
      gains.patchcord.push(alone / (await secondsOn('0,1', file)));
      // What the cores themselves give: two of them may be one core that takes turns.
      const beside = await Promise.all([secondsOn('0', file), secondsOn('1', file)]);
      gains['two processes'].push(beside.reduce((sum, seconds) => sum + alone / seconds, 0));
    }
    return new Map(Object.entries(gains).map(([name, values]) => [name, spreadOf(values)]));
  },
};

export const HASHING = [skein, verify];
