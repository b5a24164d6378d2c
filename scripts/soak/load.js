// The load: what people and programs do on a device, one thing after the other, whether it works at that moment or not.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE } from '../demo/steps.js';

const MAX_FILE_BYTES = 12_000_000;
const MAX_FILES = 60;
const MAX_BATCH = 40;
const NAMES = 100;
const FEED_MS = 5000;

/** The names of what can be done, with how often each is chosen. */
const WEIGHTS = { write: 5, edit: 8, remove: 3, attach: 3, import: 3, feed: 2 };
const CHOICES = Object.entries(WEIGHTS).flatMap(([name, weight]) =>
  Array.from({ length: weight }, () => name),
);

export function createLoad({ random, devices }) {
  const counts = new Map();
  let files = 0;
  const note = (name, worked) => {
    const count = counts.get(name) ?? { worked: 0, refused: 0 };
    count[worked ? 'worked' : 'refused'] += 1;
    counts.set(name, count);
  };

  const bytesOf = (length) => Buffer.from({ length }, () => 0).map(() => random.int(256));
  /** Both devices write under the same names: there are conflicts whenever they do not see each other. */
  const nameOf = () => `note-${random.int(NAMES)}`;
  const isRight = ({ error, ok }) => error === undefined || ok === true;

  async function edit(device, change) {
    const id = nameOf();
    const before = await device.ask('GET', `/${DATABASE}/${id}`);
    if (before.error !== undefined && before.error !== 'not_found') return false;
    if (before.error === 'not_found' && change === 'remove') return true;
    const rev = before.error === undefined ? `?rev=${before._rev}` : '';
    if (change === 'remove') return isRight(await device.ask('DELETE', `/${DATABASE}/${id}${rev}`));
    const text = `${change} ${random.int(1_000_000)}`;
    const attachment = { content_type: 'text/plain', data: bytesOf(random.int(20_000)).toString('base64') };
    const body = {
      ...(before.error === undefined && { _rev: before._rev }),
      text,
      ...(change === 'attach' && { _attachments: { it: attachment } }),
    };
    return isRight(await device.ask('PUT', `/${DATABASE}/${id}`, body));
  }

  const ACTS = {
    edit: (device) => edit(device, 'edit'),
    remove: (device) => edit(device, 'remove'),
    attach: (device) => edit(device, 'attach'),
    async write(device) {
      const docs = Array.from({ length: 1 + random.int(MAX_BATCH) }, () => ({
        text: `text ${random.int(1e9)}`,
      }));
      return Array.isArray(await device.ask('POST', `/${DATABASE}/_bulk_docs`, { docs }));
    },
    async import(device) {
      files += 1;
      mkdirSync(device.sources, { recursive: true });
      const size = 1 + random.int(random.once(3) ? MAX_FILE_BYTES : 50_000);
      const path = join(device.sources, `take-${files}`);
      // Small random, repeated: every file is another, and none takes long to make.
      writeFileSync(path, Buffer.alloc(size, bytesOf(1021)));
      await device.run('files', 'import', path);
      return true;
    },
    /** A local program that follows the other device over the cable, for a while. */
    async feed() {
      const [near, far] = devices;
      const { port, tokens } = JSON.parse(readFileSync(near.paths.peerStreams, 'utf8'));
      const authorization = `Basic ${Buffer.from(`patchcord:${tokens.local}`).toString('base64')}`;
      const path = `peers/${far.deviceId}/couch/${DATABASE}/_changes?feed=continuous&heartbeat=1000`;
      const signal = AbortSignal.timeout(FEED_MS);
      const reply = await fetch(`http://127.0.0.1:${port}/${path}`, { headers: { authorization }, signal });
      if (!reply.ok) return false;
      try {
        for await (const _ of reply.body) if (signal.aborted) break;
      } catch {
        return signal.aborted;
      }
      return true;
    },
  };

  return {
    counts,
    /** Resolves with whether it worked. */
    async one(device) {
      const chosen = random.pick(CHOICES);
      const name = chosen === 'import' && files >= MAX_FILES ? 'edit' : chosen;
      const worked = await ACTS[name](device).catch(() => false);
      note(name, worked);
      return worked;
    },
    /** Does what a fault cut short; rejects where that does not work now. */
    async finish(device) {
      if (existsSync(device.sources)) await device.run('files', 'import', device.sources);
    },
  };
}
