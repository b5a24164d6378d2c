// The demo from its first line to the table at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isSame } from './compare.js';
import { createDevice } from './device.js';
import { plugCable, useLoopback } from './network.js';
import { AMOUNT, DATABASE, fill, pairUp, progressOf, watch } from './steps.js';

const MB = 1_000_000;
const SECOND_MS = 1000;

/** Resolves with the exit code. */
export async function runDemo({ hasCable }) {
  const root = mkdtempSync(join(tmpdir(), 'patchcord-demo-'));
  const network = await (hasCable ? plugCable() : useLoopback());
  const near = createDevice({ root: join(root, 'laptop'), name: 'laptop', ...network.near });
  const far = createDevice({ root: join(root, 'desktop'), name: 'desktop', ...network.far });
  const story = createStory();
  const stopped = untilStopped();
  try {
    const told = tellStory({ near, far, network, story, root });
    told.catch(() => undefined);
    await Promise.race([told, stopped]);
    story.table();
    return 0;
  } catch (error) {
    console.error(`\nThe demo did not come to its end: ${error.message}`);
    return 1;
  } finally {
    await Promise.all([near.close(), far.close()]);
    network.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Rejects when somebody ends the demo; whatever comes after that is ignored while it is taken away. */
function untilStopped() {
  const stopped = new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => reject(new Error('it was stopped')));
  });
  stopped.catch(() => undefined);
  return stopped;
}

async function tellStory({ near, far, network, story, root }) {
  const where = network.hasCable ? 'a cable with no addresses but its own' : 'loopback';
  await story.step(`Two devices, joined by ${where}`, 'laptop is up', async () => {
    await near.up();
  });
  await story.step('They are paired with a code', 'paired', async () => {
    const { code, digits } = await pairUp(near, far, network);
    story.say(`laptop shows ${code}; typed on desktop, and both people see ${digits}`);
    await goUp(near, far, network);
  });
  const { documents, files, megabytes } = AMOUNT;
  await story.step(
    `laptop gets ${documents} documents and ${files} files, ${megabytes} MB`,
    'written and imported',
    async () => {
      await fill(near, join(root, 'takes'));
    },
  );
  const tell = (progress) => story.show(describe(progress));
  const third = (megabytes * MB) / 3;
  await story.step('desktop pulls', 'a third of the bytes', async () => {
    await watch(far, tell, ({ bytes }) => bytes >= third);
  });
  await pullOut({ near, far, network, story });
  await story.step('desktop goes on where it was', 'everything is there', async () => {
    await watch(far, tell, (progress) => progress.files >= files && progress.isCurrent);
  });
  await story.step(
    'Both are compared: documents, revisions, every byte of every file',
    'the same',
    async () => {
      const compared = await isSame(near, far, DATABASE);
      if (!compared.isSame) throw new Error('the two are not the same');
      story.say(`the same ${documents + files} documents and ${compared.files} files on both`);
    },
  );
  await revoke({ near, far, story });
}

/** Up, knowing where the other is: by itself on a cable, written down on loopback. */
async function goUp(near, far, network) {
  if (network.hasCable) return void (await far.up());
  const lines = await near.run('devices');
  const [here, there] = [true, false].map((isThis) => lines[0].devices.find((one) => one.isThis === isThis));
  const at = (id, port) => ({ peerStreams: { addresses: { [id]: [{ address: '::1', zone: null, port }] } } });
  await near.down();
  near.writeConfig(at(there.deviceId, network.far.listen.port));
  far.writeConfig(at(here.deviceId, network.near.listen.port));
  await near.up();
  await far.up();
}

async function pullOut({ far, network, story }) {
  const what = network.hasCable
    ? 'The cable is pulled out'
    : 'desktop is stopped, since there is no cable to pull';
  await story.step(what, 'noticed', async () => {
    if (network.hasCable) network.unplug();
    else await far.down();
    while (network.hasCable && (await progressOf(far)).isReached) await delay(100);
  });
  const back = network.hasCable ? 'The cable is plugged in again' : 'desktop is started again';
  await story.step(back, 'reached again', async () => {
    if (network.hasCable) network.plug();
    else await far.up();
    while (!(await progressOf(far)).isReached) await delay(100);
  });
}

async function revoke({ near, far, story }) {
  await story.step('laptop revokes desktop', 'cut off', async () => {
    const [{ devices }] = await near.run('devices');
    const { deviceId } = devices.find(({ isThis }) => !isThis);
    const since = near.events().length;
    await near.run('revoke', deviceId, '--yes');
    await near.ask('PUT', `/${DATABASE}/secret`, { text: 'not for desktop' });
    const isRefused = ({ event, rule }) => event === 'denied' && rule.startsWith('revoked');
    const { rule } = await near.untilEvent(isRefused, since);
    while ((await progressOf(far)).isReached) await delay(100);
    const { error } = await far.ask('GET', `/${DATABASE}/secret`);
    if (error !== 'not_found') throw new Error('it was not cut off');
    story.say(`desktop is refused (${rule}), and has nothing that was written since`);
  });
}

const describe = ({ documents, bytes, files }) =>
  `desktop has ${documents} documents, ${files} files, ${Math.round(bytes / MB)} MB`;

/** Says what happens, with one line that is written over while something lasts; and remembers how long it took. */
function createStory() {
  const times = [];
  const isTerminal = process.stdout.isTTY;
  let shown = false;
  const clear = () => {
    if (shown) process.stdout.write('\r\u001b[K');
    shown = false;
  };
  const say = (text) => {
    clear();
    console.log(`    ${text}`);
  };
  return {
    say,
    show(text) {
      if (!isTerminal) return;
      clear();
      process.stdout.write(`    ${text}`);
      shown = true;
    },
    async step(title, until, act) {
      console.log(title);
      const start = performance.now();
      await act();
      const seconds = (performance.now() - start) / SECOND_MS;
      clear();
      times.push([title, until, seconds]);
    },
    table() {
      const [width, next] = [0, 1].map((column) => Math.max(...times.map((row) => row[column].length)));
      console.log();
      for (const [title, until, seconds] of times)
        console.log(`${title.padEnd(width)}  ${until.padEnd(next)}  ${seconds.toFixed(1).padStart(6)} s`);
      const all = times.reduce((sum, [, , seconds]) => sum + seconds, 0);
      console.log(`${'In all'.padEnd(width)}  ${''.padEnd(next)}  ${all.toFixed(1).padStart(6)} s`);
    },
  };
}
