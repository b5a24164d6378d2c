// Whether two devices have the same: every document with its revision and content, every file byte by byte.
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export async function isSame(near, far, database) {
  const [here, there] = [await documentsOf(near, database), await documentsOf(far, database)];
  const [filesHere, filesThere] = [await filesOf(near), await filesOf(far)];
  return { isSame: here === there && filesHere === filesThere, files: filesHere.split('\n').length };
}

async function documentsOf(device, database) {
  const { rows } = await device.ask('GET', `/${database}/_all_docs?include_docs=true`);
  return JSON.stringify(rows.map(({ id, value, doc }) => [id, value.rev, sorted(doc)]));
}

/** The order of keys says nothing, and databases keep their own. */
const sorted = (value) =>
  value === null || typeof value !== 'object' || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      );

/** A line for each: its name, and the SHA-256 of its bytes. */
async function filesOf({ paths }) {
  const folder = join(paths.store, '.dmedia/files');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const lines = [];
  for (const { name, parentPath } of names) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(parentPath, name)), hash);
    lines.push(`${parentPath.slice(folder.length)}/${name} ${hash.digest('hex')}`);
  }
  return lines.sort().join('\n');
}
