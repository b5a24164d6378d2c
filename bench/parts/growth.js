// How cost grows with what a gateway serves: a table of each kind in three sizes, a gateway for each, asked in turns. With
// a size the figures are told beside those of the smallest.
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBlobId } from '../../dist/core/ids.js';
import { run } from './load.js';
import { residentBytesOf } from './process.js';
import { startPatchcord } from './servers.js';
import { spreadOf } from './figures.js';

const BLOB_BYTES = 4096;
/** A file can have no more names than this on ext4. */
const MAX_LINKS = 60_000;
const SAMPLE = 5000;
/** Before that the process that began first is ahead, whatever its table. */
const WARM_SECONDS = 4;
const ID_BYTES = 30;
const MICROSECONDS = 1_000_000;

const anyId = () => formatBlobId(randomBytes(ID_BYTES));
const label = (count) => count.toLocaleString('en');

/** A store of `count` blobs with the same content, each a name of its own: what is looked at is how one is found. */
export function makeLargeStore(parent, block, count) {
  const files = join(parent, '.dmedia/files');
  const made = new Set();
  const sample = [];
  let original;
  for (let index = 0; index < count; index++) {
    const id = anyId();
    const folder = join(files, id.slice(0, 2));
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    const path = join(folder, id.slice(2));
    if (index % MAX_LINKS === 0) {
      writeFileSync(path, block.subarray(0, BLOB_BYTES));
      original = path;
    } else linkSync(original, path);
    if (index % Math.ceil(count / SAMPLE) === 0) sample.push(`/files/${id}`);
  }
  return { parent, sample };
}

/** `sizes` with what makes the setting of a gateway for each, and the order that the client gets. */
export const growth = (name, sizes, settingOf, orderOf, holdOf = () => null) => ({
  name,
  unit: 'requests/s',
  against: label(sizes[0]),
  higherIsBetter: true,
  async run({ client, rounds, seconds, ...setting }) {
    const gateways = [];
    const held = [];
    try {
      for (const size of sizes) {
        const more = await settingOf(size, setting);
        const server = await startPatchcord({ ...setting, ...more });
        gateways.push({ size, server, more });
        const hold = holdOf(size, server);
        if (hold !== null) {
          const holder = await setting.newClient();
          held.push(holder);
          await holder.order('begin', { port: server.port, ...hold });
        }
      }
      const figures = new Map(gateways.map(({ size }) => [label(size), []]));
      // What a turn costs the gateway; the rate is also the upstream's and the client's, which share its cores.
      const costs = new Map(gateways.map(({ size }) => [label(size), []]));
      const runOnce = ({ server, more }, duration) => run(client, server, orderOf(server, more), duration);
      for (const gateway of gateways) await runOnce(gateway, WARM_SECONDS);
      for (let round = 0; round < rounds; round++) {
        // Another one begins each time.
        const turn = gateways.map((_, index) => gateways[(index + round) % gateways.length]);
        for (const gateway of turn) {
          const { requests, wallSeconds, cpuSeconds } = await runOnce(gateway, seconds);
          figures.get(label(gateway.size)).push(requests / wallSeconds);
          costs.get(label(gateway.size)).push((cpuSeconds / requests) * MICROSECONDS);
        }
      }
      const rows = new Map([...figures].map(([size, values]) => [size, spreadOf(values)]));
      for (const { size, server } of gateways) {
        const cost = spreadOf(costs.get(label(size))).median.toFixed(0);
        const room = (residentBytesOf(server.pid) / 1e6).toFixed(0);
        rows.get(label(size)).more = `${cost} CPU µs/request, ${room} MB`;
      }
      return rows;
    } finally {
      for (const holder of held) holder.stop();
      for (const { server } of gateways) await server.stop();
    }
  },
});

const document = ({ documentPath }) => ({ work: 'load', path: documentPath, isBlob: false, connections: 16 });

export const GROWTH = [
  growth(
    'blobs in a store: 4 KiB, any of them',
    [1000, 100_000, 1_000_000],
    (size, { folder, store }) => ({
      store: makeLargeStore(join(folder, `store-${size}`), store.block, size),
    }),
    (_, { store }) => ({ work: 'load', paths: store.sample, isBlob: true, connections: 16 }),
  ),
  growth(
    'devices in a policy: a connection and a request',
    [1, 1000, 10_000],
    (size, { pki }) => ({ devices: [...Array.from({ length: size - 1 }, anyId), pki.client.deviceId] }),
    (server) => ({ work: 'handshakes', path: server.documentPath, isBlob: false, connections: 4 }),
  ),
  growth(
    'databases in a policy: a document of one',
    [1, 1000, 10_000],
    (size) => ({
      grants: Array.from({ length: size - 1 }, (_, index) => `other-${index}${index % 2 === 0 ? '' : '-*'}`),
    }),
    document,
  ),
  growth(
    'open feeds: a document meanwhile',
    [1, 100, 1000],
    () => ({}),
    document,
    (size, { feedPath }) => ({ work: 'hold', path: feedPath, connections: size }),
  ),
];
