// The document of a file, as dmedia kept them: its id is the blob's, its attachment `leaf_hashes` the leaf digests.
import { basename, dirname } from 'node:path';
import type { CouchClient, CouchDocument } from '../../adapters/couch-client/couch-client.js';
import { CouchError } from '../../adapters/couch-client/couch-client.js';
import type { HashedFile } from '../../adapters/files/hash-file.js';
import { isObject } from '../../core/env/env.js';

export interface ImportedFile extends Pick<HashedFile, 'id' | 'size'> {
  /** The raw leaf digests; asked only where they are needed. */
  digests(): Promise<Uint8Array>;
  /** Where it came from. */
  readonly path: string;
  /** Of the source, in seconds. */
  readonly mtime: number;
  readonly storeId: string | null;
}

export type DocumentOutcome = 'written' | 'updated' | 'present';

/** A database of a project keeps names and dates as well. */
const PROJECT = /^dmedia-0-./;
const CONFLICT = 409;
const TRIES = 3;

/** Writes the document, or adds this store to the one that is there. `now` is in seconds. */
export async function writeFileDocument(
  client: CouchClient,
  database: string,
  file: ImportedFile,
  now: number,
): Promise<DocumentOutcome> {
  for (let tries = 1; ; tries++) {
    const before = await client.document(database, file.id);
    const next = before === null ? await createDocument(database, file, now) : withStore(before, file);
    if (next === null) return 'present';
    try {
      await client.putDocument(database, next);
      return before === null ? 'written' : 'updated';
    } catch (error) {
      // Someone else wrote it meanwhile.
      if (!(error instanceof CouchError) || error.status !== CONFLICT || tries === TRIES) throw error;
    }
  }
}

const storedIn = ({ storeId, mtime }: ImportedFile): Record<string, unknown> =>
  storeId === null ? {} : { [storeId]: { copies: 1, mtime } };

async function createDocument(database: string, file: ImportedFile, now: number): Promise<CouchDocument> {
  const names = {
    ctime: file.mtime,
    dir: basename(dirname(file.path)),
    name: basename(file.path),
    tags: {},
    meta: {},
  };
  return {
    _id: file.id,
    type: 'dmedia/file',
    time: now,
    atime: Math.floor(now),
    bytes: file.size,
    origin: 'user',
    stored: storedIn(file),
    ...(PROJECT.test(database) && names),
    _attachments: {
      leaf_hashes: {
        content_type: 'application/octet-stream',
        data: Buffer.from(await file.digests()).toString('base64'),
      },
    },
  };
}

/** Null where nothing is to be added. */
function withStore(document: CouchDocument, file: ImportedFile): CouchDocument | null {
  const before = isObject(document['stored']) ? document['stored'] : {};
  const isKnown = file.storeId === null || Object.hasOwn(before, file.storeId);
  return isKnown ? null : { ...document, stored: { ...before, ...storedIn(file) } };
}
