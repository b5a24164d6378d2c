// Which files a person means: by a whole id, or by the beginning of one that is in a store.
import { listBlobs } from '../../adapters/files/list-blobs.js';
import { createStores } from '../../adapters/files/stores.js';
import { parseBlobId, type BlobId } from '../../core/ids.js';
import { Failure } from '../cli/failure.js';

/** At least 8 characters: as many as other commands show. */
const START = /^[3-9A-Y]{8,47}$/;

/** A whole id need not be in a store. Fails where the beginning of one is that of none, or of several. */
export async function meantBlobs(
  stores: readonly string[],
  texts: readonly string[],
): Promise<ReadonlySet<BlobId>> {
  const meant = new Set<BlobId>();
  for (const text of texts) meant.add(parseBlobId(text) ?? (await onlyWith(stores, text)));
  return meant;
}

async function onlyWith(stores: readonly string[], text: string): Promise<BlobId> {
  const start = text.toUpperCase();
  if (!START.test(start))
    throw new Failure('usage', 'no-id', `${JSON.stringify(text)} is no id of a file`, {
      hint: 'An id has 48 characters, and its first 8 are enough: see `patchcord files list`.',
    });
  const found = new Set<BlobId>();
  for (const { path, present } of await createStores(stores).status())
    if (present) for await (const { id } of listBlobs(path, start)) found.add(id);
  const [only, ...others] = found;
  if (only === undefined)
    throw new Failure('noInput', 'no-file', `no file in a store begins with ${start}`, {
      hint: 'See `patchcord files list`; what another device has, `patchcord files fetch` brings.',
    });
  if (others.length === 0) return only;
  throw new Failure('data', 'ambiguous-id', `${start} is the beginning of ${found.size} files`, {
    hint: 'Say more characters of the id: `patchcord files list` tells it.',
  });
}
