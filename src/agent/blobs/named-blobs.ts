// Which blobs the documents of pulled databases name, read from what changed here; and which documents have many
// conflicting leaves, which the same list tells. Documents come from peers: their ids are judged, and kept in bounds.
import type { CouchClient } from '../../adapters/couch-client/couch-client.js';
import { parseBlobId, type BlobId } from '../../core/ids.js';

export interface ConflictedDocument {
  readonly database: string;
  readonly id: string;
  /** Of its revision tree. */
  readonly leaves: number;
}

export interface NamedBlobs {
  /** Looks for what changed, in these databases. Resolves when all of it was told. */
  look(databases: readonly string[]): Promise<void>;
  conflicted(): readonly ConflictedDocument[];
}

export interface NamedBlobsOptions {
  /** Null while nobody may read here. */
  readonly client: () => Pick<CouchClient, 'leafChanges'> | null;
  readonly onNamed: (id: BlobId, database: string) => Promise<void>;
  readonly onGone: (id: BlobId, database: string) => void;
  readonly onConflicted: (document: ConflictedDocument) => void;
}

const BATCH = 1000;
/** Two devices that were both edited make two or three. */
export const MANY_LEAVES = 10;
const MAX_CONFLICTED = 1000;

export function createNamedBlobs(options: NamedBlobsOptions): NamedBlobs {
  const since = new Map<string, string>();
  const conflicted = new Map<string, ConflictedDocument>();

  async function lookInto(client: Pick<CouchClient, 'leafChanges'>, database: string): Promise<void> {
    for (;;) {
      const { changes, lastSeq } = await client.leafChanges(database, since.get(database) ?? '0', BATCH);
      for (const change of changes) {
        noteLeaves({ database, id: change.id, leaves: change.leaves });
        const id = parseBlobId(change.id);
        if (id === null) continue;
        if (change.isDeleted) options.onGone(id, database);
        else await options.onNamed(id, database);
      }
      since.set(database, lastSeq);
      if (changes.length < BATCH) return;
    }
  }

  function noteLeaves(document: ConflictedDocument): void {
    const key = `${document.database}/${document.id}`;
    const isNew = !conflicted.has(key);
    if (document.leaves < MANY_LEAVES) return void conflicted.delete(key);
    if (isNew && conflicted.size >= MAX_CONFLICTED) return;
    conflicted.set(key, document);
    if (isNew) options.onConflicted(document);
  }

  return {
    async look(databases) {
      const client = options.client();
      if (client === null) return;
      for (const database of databases) await lookInto(client, database);
    },
    conflicted: () => [...conflicted.values()],
  };
}
