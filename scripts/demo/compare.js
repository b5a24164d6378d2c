// Whether two devices have the same: every document with its revision and content, every file byte by byte.
import { hashesOf, sorted } from './content.js';

export async function isSame(near, far, database) {
  const [here, there] = [await documentsOf(near, database), await documentsOf(far, database)];
  const [filesHere, filesThere] = [await hashesOf(near.paths.store), await hashesOf(far.paths.store)];
  const areSame = JSON.stringify(filesHere) === JSON.stringify(filesThere);
  return { isSame: here === there && areSame, files: filesHere.length };
}

async function documentsOf(device, database) {
  const { rows } = await device.ask('GET', `/${database}/_all_docs?include_docs=true`);
  return JSON.stringify(rows.map(({ id, value, doc }) => [id, value.rev, sorted(doc)]));
}
