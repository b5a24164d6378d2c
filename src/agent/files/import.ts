// `files import` from the files that were found to their documents: each into the store, then its document, then the
// journal, so that whatever cuts it short, running it again does the rest.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { readerOf, SourceChanged } from '../../adapters/files/copy-leaves.js';
import { inLanes } from '../../adapters/files/lanes.js';
import type { LeafSource } from '../../adapters/files/leaves.js';
import type { StoreWriter } from '../../adapters/files/store-writer.js';
import type { Stores } from '../../adapters/files/stores.js';
import type { CouchClient } from '../../adapters/couch-client/couch-client.js';
import { LEAF_BYTES } from '../../core/skein/hashing.js';
import type { BlobId } from '../../core/ids.js';
import { writeFileDocument, type DocumentOutcome } from './file-document.js';
import type { Journal } from './journal.js';
import type { Progress } from './progress.js';
import { isUnchanged, type FoundFile } from './walk.js';

export type ImportOutcome = 'stored' | 'present' | 'empty' | 'unreadable' | 'changed';

export interface ImportResult {
  readonly path: string;
  readonly outcome: ImportOutcome;
  readonly id: BlobId | null;
  readonly bytes: number;
  /** Null where none was to be written. */
  readonly document: DocumentOutcome | null;
}

export interface ImportOptions {
  readonly writer: StoreWriter;
  /** The one that is written to. */
  readonly stores: Stores;
  readonly leaves: LeafSource;
  readonly storeId: string | null;
  readonly journal: Journal;
  readonly database: { readonly name: string; readonly client: CouchClient } | null;
  readonly progress: Pick<Progress, 'add' | 'skip'>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onResult: (result: ImportResult) => void;
}

/** Files of one leaf keep no more than one core and one disk write busy each. */
const SMALL_FILE_LANES = 8;
const SOURCE = constants.O_RDONLY | constants.O_NONBLOCK;
const SECOND_MS = 1000;

export async function importFiles(files: readonly FoundFile[], options: ImportOptions): Promise<void> {
  const one = async (file: FoundFile): Promise<void> => {
    options.signal.throwIfAborted();
    options.onResult(await importFile(file, options));
  };
  await inLanes(SMALL_FILE_LANES, files.filter(isSmall), one);
  // A larger one has all cores to itself.
  await inLanes(
    1,
    files.filter((file) => !isSmall(file)),
    one,
  );
}

const isSmall = ({ size }: FoundFile): boolean => size <= LEAF_BYTES;

async function importFile(file: FoundFile, options: ImportOptions): Promise<ImportResult> {
  const { path, size, fingerprint } = file;
  const { stores, journal, progress } = options;
  const without = (outcome: ImportOutcome): ImportResult => ({
    path,
    outcome,
    id: null,
    bytes: size,
    document: null,
  });
  if (size === 0) return without('empty');
  const known = journal.blobOf(fingerprint);
  if (known !== null && (await stores.has([known])).length > 0) {
    progress.skip(size);
    return finish(file, { id: known, isNew: false, digests: null }, options);
  }
  const added = await addFile(file, options);
  return typeof added === 'string' ? without(added) : finish(file, added, options);
}

interface Added {
  readonly id: BlobId;
  readonly isNew: boolean;
  /** Null: to be read from the store. */
  readonly digests: Uint8Array | null;
}

async function addFile(
  file: FoundFile,
  { writer, progress, signal }: ImportOptions,
): Promise<Added | 'unreadable' | 'changed'> {
  const handle = await open(file.path, SOURCE).catch(() => null);
  if (handle === null) return 'unreadable';
  try {
    return await writer.add({
      from: readerOf(handle),
      size: file.size,
      onBytes: (count) => progress.add(count),
      signal,
      isUnchanged: () => isUnchanged(file),
    });
  } catch (error) {
    if (error instanceof SourceChanged) return 'changed';
    throw error;
  } finally {
    await handle.close();
  }
}

async function finish(
  { path, size, mtime, fingerprint }: FoundFile,
  { id, isNew, digests }: Added,
  options: ImportOptions,
): Promise<ImportResult> {
  const { database, journal, now, storeId } = options;
  const readDigests = () => (digests === null ? digestsOf(id, options) : Promise.resolve(digests));
  const document =
    database === null
      ? null
      : await writeFileDocument(
          database.client,
          database.name,
          { id, size, digests: readDigests, path, mtime, storeId },
          now().getTime() / SECOND_MS,
        );
  await journal.note(fingerprint, id);
  return { path, outcome: isNew ? 'stored' : 'present', id, bytes: size, document };
}

async function digestsOf(id: BlobId, { leaves, signal }: ImportOptions): Promise<Uint8Array> {
  const answer = await leaves.leavesOf(id, signal);
  if (answer === null || answer === 'corrupt')
    throw new Error(`the blob ${id} cannot be read: run files verify`);
  return answer.digests;
}
