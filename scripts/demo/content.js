// What a device holds, in a form that can be compared with another's.
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The order of keys says nothing, and databases keep their own. */
export const sorted = (value) =>
  value === null || typeof value !== 'object' || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      );

/** Of each file of the FileStore in a folder: its id and the SHA-256 of its bytes, by id. */
export async function hashesOf(store) {
  const folder = join(store, '.dmedia/files');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const hashes = [];
  for (const { name, parentPath } of entries) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(parentPath, name)), hash);
    hashes.push([`${parentPath.slice(folder.length + 1)}${name}`, hash.digest('hex')]);
  }
  return hashes.sort();
}
