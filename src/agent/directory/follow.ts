// The directory's database on the upstream: reads what comes there, and puts there what this device holds. Who wrote a
// document, or took it away, means nothing. It polls, as `provision/follow.ts` does.
import { CouchError, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import { statementsOf } from '../../core/directory/record.js';
import { formatStatement, type StatementDocument } from '../../core/statements.js';
import type { Directory } from './directory.js';
import type { Requests } from './requests.js';

export interface DirectoryFollower {
  close(): Promise<void>;
}

export interface DirectoryFollowOptions {
  /** Another one after the device became another user's. */
  readonly directory: () => Directory;
  /** Is told of every document: what devices ask for lies there as well. */
  readonly requests: Pick<Requests, 'note' | 'announce'>;
  readonly database: string;
  /** Null while nobody may reach it. */
  readonly client: () => CouchClient | null;
  readonly intervalMs: number;
}

/** Documents are whatever an own device wrote: few at once. */
const BATCH = 50;
const CONFLICT = 409;

export function followDirectory(options: DirectoryFollowOptions): DirectoryFollower {
  const { directory, requests, database, client, intervalMs } = options;
  let reads = directory();
  let since: string | number = 0;
  /** By the id of the statement, those that the database has. */
  let published = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;

  async function read(couch: CouchClient): Promise<void> {
    for (;;) {
      const { results, lastSeq } = await couch.changes(database, { since, limit: BATCH });
      for (const { id, deleted } of results) if (deleted) published.delete(id);
      await reads.learn(results.map(({ doc }) => toSigned(doc)));
      for (const { id, doc } of results) requests.note(id, toSigned(doc));
      requests.announce();
      since = lastSeq;
      if (results.length < BATCH || closed) return;
    }
  }

  async function publish(couch: CouchClient): Promise<void> {
    const own = statementsOf(reads.local().record).filter(({ by }) => by === reads.userId);
    for (const statement of own.filter(({ id }) => !published.has(id))) {
      await putStatement(couch, database, statement.id, formatStatement(statement));
      published.add(statement.id);
    }
    published = new Set(own.map(({ id }) => id));
  }

  async function look(): Promise<void> {
    const couch = client();
    if (couch === null) return;
    if (reads !== directory()) startOver();
    try {
      await read(couch);
      await publish(couch);
    } catch (error) {
      // Away, made anew, or not there yet, or a disk that takes nothing now: it is looked at again, from the beginning.
      if (!(error instanceof CouchError) && !isSystemError(error)) throw error;
      startOver();
    }
  }

  function startOver(): void {
    reads = directory();
    since = 0;
    published = new Set();
  }

  async function lookAndWait(): Promise<void> {
    await look();
    if (!closed) timer = setTimeout(() => void (current = lookAndWait()), intervalMs);
  }

  let current = lookAndWait();
  return {
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await current;
    },
  };
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number';

/** Only what a statement is made of: the rest of a document is CouchDB's. */
const toSigned = (doc: Readonly<Record<string, unknown>> | null): unknown =>
  doc === null ? null : { payload: doc['payload'], signature: doc['signature'], by: doc['by'] };

async function putStatement(
  couch: CouchClient,
  database: string,
  id: string,
  statement: StatementDocument,
): Promise<void> {
  const before = await couch.document(database, id);
  if (before !== null && before['payload'] === statement.payload && before['by'] === statement.by) return;
  const rev = before === null ? {} : { _rev: before['_rev'] };
  await couch.putDocument(database, { ...rev, ...statement, _id: id }).catch((error: unknown) => {
    // Someone else was faster, and will be seen.
    if (!(error instanceof CouchError) || error.status !== CONFLICT) throw error;
  });
}
