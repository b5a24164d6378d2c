// What the demo does, step by step.
import { randomFillSync } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const DATABASE = 'dmedia-0';
const DOCUMENTS = 3000;
const BATCH = 1000;
const FILES = 10;
const MB = 1_000_000;
const FILE_BYTES = 30 * MB;
const LOOK_MS = 300;

export const AMOUNT = { documents: DOCUMENTS, files: FILES, megabytes: (FILES * FILE_BYTES) / MB };

/** One shows a code, the other is told it, and both people see the same six digits. */
export async function pairUp(near, far, network) {
  const offer = near.start('pair');
  const { code } = await offer.until(({ event }) => event === 'offered');
  const at = offer.lines.find(({ event }) => event === 'offered').listeners[0];
  const join = far.start('join', ...(network.hasCable ? [] : ['--at', `[${at.address}]:${at.port}`]));
  join.type(code);
  const isCompare = ({ event }) => event === 'compare';
  const [here, there] = await Promise.all([offer.until(isCompare), join.until(isCompare)]);
  if (here.digits !== there.digits) throw new Error('the digits are not the same');
  offer.type('yes');
  join.type('yes');
  const codes = await Promise.all([offer.ended, join.ended]);
  if (codes.some((ended) => ended !== 0)) throw new Error(`pairing failed: ${join.errors}${offer.errors}`);
  return { code, digits: here.digits };
}

/** A few thousand documents, and some hundred MB of files that nobody has seen before. */
export async function fill(device, folder) {
  for (let from = 0; from < DOCUMENTS; from += BATCH) {
    const docs = Array.from({ length: BATCH }, (_, index) => ({
      _id: `note-${String(from + index).padStart(6, '0')}`,
      text: `Note number ${from + index}. `.repeat(10),
    }));
    await device.ask('POST', `/${DATABASE}/_bulk_docs`, { docs });
  }
  mkdirSync(folder, { recursive: true });
  const bytes = Buffer.allocUnsafe(FILE_BYTES);
  for (let index = 0; index < FILES; index++)
    writeFileSync(join(folder, `take-${index}.mov`), randomFillSync(bytes));
  await device.run('files', 'import', folder);
}

/** How much of it is there. */
export async function progressOf(device) {
  const { files, pulls } = await device.sync();
  const pull = pulls.find(({ database }) => database === DATABASE);
  const active = files.active.reduce((sum, { bytes }) => sum + bytes, 0);
  const stored = storedFiles(device);
  return {
    documents: pull?.done ?? 0,
    bytes: stored.reduce((sum, bytes) => sum + bytes, 0) + active,
    files: stored.length,
    isCurrent: pulls.length > 0 && pulls.every(({ state }) => state === 'current'),
    isReached: pulls.length > 0,
  };
}

/** Their sizes. */
function storedFiles({ paths }) {
  const folder = join(paths.store, '.dmedia/files');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => statSync(join(parentPath, name)).size);
}

/** Shows how far the other device is until `isEnough`. */
export async function watch(device, tell, isEnough) {
  for (;;) {
    const progress = await progressOf(device);
    tell(progress);
    if (isEnough(progress)) return progress;
    await delay(LOOK_MS);
  }
}
