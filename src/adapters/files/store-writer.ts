// Puts blobs into one store, and moves bad ones aside. A blob appears under files/ by a rename, when all of it is on
// the disk: a crash at any moment leaves no part of one there. Whoever writes has the store's lock.
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeDbase32 } from '../../core/dbase32.js';
import type { BlobId } from '../../core/ids.js';
import { copyLeaves, SourceChanged, type CopyOptions } from './copy-leaves.js';
import { ensureFolder } from './ensure-folder.js';
import type { FileHasher, HashedFile } from './hash-file.js';
import { isFile, pathOf, placeBlob, placeSidecar, syncFolder } from './place-blob.js';

export interface AddedBlob extends HashedFile {
  /** False: it was here before. */
  readonly isNew: boolean;
}

export interface BlobSource extends Omit<CopyOptions, 'to'> {
  /** Asked when all of it was copied: whether it was the same all the while. */
  isUnchanged(): Promise<boolean>;
}

export interface StoreWriter {
  /** Copies `size` bytes of the source in. Throws `SourceChanged`. */
  add(source: BlobSource): Promise<AddedBlob>;
  /** Moves a blob whose content is not what its id says to corrupt/. */
  condemn(id: BlobId): Promise<void>;
}

const NAME_BYTES = 15;

/** For the store in `parent`, which has to be there. Removes what a writer that was killed left in tmp/. */
export async function openStoreWriter(parent: string, hasher: FileHasher): Promise<StoreWriter> {
  const store = join(parent, '.dmedia');
  for (const name of await readdir(join(store, 'tmp'))) await rm(join(store, 'tmp', name), { force: true });

  const temporaryPath = (): string => join(store, 'tmp', encodeDbase32(randomBytes(NAME_BYTES)));

  async function add(source: BlobSource): Promise<AddedBlob> {
    const path = temporaryPath();
    const to = await open(path, 'wx+');
    try {
      const hashed = await copyLeaves(hasher, { ...source, to });
      if (!(await source.isUnchanged())) throw new SourceChanged();
      if (await isFile(pathOf(parent, 'files', hashed.id))) return { ...hashed, isNew: false };
      await placeSidecar(parent, hashed.id, hashed.digests, temporaryPath());
      await placeBlob(parent, hashed.id, to, path);
      return { ...hashed, isNew: true };
    } finally {
      await to.close();
      await rm(path, { force: true });
    }
  }

  return {
    add,
    async condemn(id) {
      await ensureFolder(join(store, 'corrupt'));
      await rename(pathOf(parent, 'files', id), join(store, 'corrupt', id));
      await syncFolder(join(store, 'corrupt'));
      await rm(pathOf(parent, 'leaves', id), { force: true });
    },
  };
}
