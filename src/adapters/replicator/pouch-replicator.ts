// PouchDB's replicator between two URLs, for an upstream that has none or cannot reach this host's loopback. The package
// is optional, CommonJS and without usable types; it is loaded when it is needed first.
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

export interface PouchEnd {
  readonly url: string;
  readonly login: { readonly username: string; readonly password: string } | null;
  /** What the checkpoint hangs on in place of the URL, whose port may be another tomorrow. */
  readonly name: string;
}

export interface PouchJob {
  readonly source: PouchEnd;
  readonly target: PouchEnd;
  /** Null for all documents. */
  readonly selector: object | null;
  /** A source may ignore the selector, and send whatever it likes: what is not wanted is not written. */
  readonly isWanted: (id: string) => boolean;
  /** Documents that are asked for at once. */
  readonly batch: number;
}

export interface PouchProgress {
  readonly read: number;
  readonly written: number;
  /** Those that could not be written, and those that are not wanted and came all the same. */
  readonly failed: number;
  /** Null where the source does not say. */
  readonly pending: number | null;
  /** Everything that the source has told of is here. */
  readonly isCurrent: boolean;
}

export interface PouchReplication {
  readonly progress: PouchProgress;
  /** Resolves with the reason when it ends by itself; with null after `cancel`. */
  readonly ended: Promise<string | null>;
  cancel(): void;
}

export class PouchMissing extends Error {}

interface Database {
  id: () => Promise<string>;
  info: () => Promise<unknown>;
  bulkDocs: (request: { docs: { _id: unknown }[] }, ...rest: unknown[]) => Promise<unknown>;
  close(): Promise<void>;
}
interface Replication extends EventEmitter {
  cancel(): void;
  catch(onError: (error: unknown) => void): unknown;
}
interface Info {
  readonly docs_read: number;
  readonly docs_written: number;
  readonly doc_write_failures: number;
  readonly pending?: number;
}
interface Pouch {
  new (url: string, options: object): Database;
  fetch(url: string, options: object): Promise<Response>;
  replicate(source: Database, target: Database, options: object): Replication;
}

/** Of one reply, which this process holds in memory: 64 MiB, as much as a database here takes at once. */
const REPLY_BYTES = 67_108_864;
const PACKAGE = 'pouchdb';
const HEARTBEAT_MS = 10_000;
const NOTHING: PouchProgress = { read: 0, written: 0, failed: 0, pending: null, isCurrent: false };

/** Throws `PouchMissing` where the package is not installed. */
export function startPouchReplication(job: PouchJob): PouchReplication {
  const PouchDB = load();
  const [source, target] = [open(PouchDB, job.source), open(PouchDB, job.target)];
  keepInfoQuiet(source);
  let unwanted = 0;
  const write = target.bulkDocs.bind(target);
  target.bulkDocs = (request, ...rest) => {
    const docs = request.docs.filter(({ _id: id }) => typeof id === 'string' && job.isWanted(id));
    unwanted += request.docs.length - docs.length;
    return write({ ...request, docs }, ...rest);
  };
  const replication = PouchDB.replicate(source, target, {
    live: true,
    retry: false,
    batch_size: job.batch,
    heartbeat: HEARTBEAT_MS,
    ...(job.selector !== null && { selector: job.selector }),
  });
  const close = () => Promise.all([source.close(), target.close()]);
  return follow(replication, close, () => unwanted);
}

/**
 * With each batch PouchDB asks again for what it only shows as progress, and hears of no failure: the rejection would end
 * this process. What the source says at the beginning is asked, and fails, as ever.
 */
function keepInfoQuiet(source: Database): void {
  const ask = source.info.bind(source);
  let known: unknown = null;
  source.info = () => (known === null ? ask().then((info) => (known = info)) : ask().catch(() => known));
}

function follow(
  replication: Replication,
  close: () => Promise<unknown>,
  unwanted: () => number,
): PouchReplication {
  let progress = NOTHING;
  const ended = new Promise<string | null>((resolve) => {
    replication.on('change', (info: Info) => (progress = progressOf(info)));
    replication.on('active', () => (progress = { ...progress, isCurrent: false }));
    replication.on('paused', () => (progress = { ...progress, pending: 0, isCurrent: true }));
    replication.on('error', (error: unknown) => resolve(reasonOf(error)));
    replication.on('complete', () => resolve(null));
  });
  // Its promise rejects with what 'error' tells.
  replication.catch(() => undefined);
  return {
    get progress() {
      // PouchDB counts what was kept from the target as written.
      const written = Math.max(0, progress.written - unwanted());
      return { ...progress, written, failed: progress.failed + unwanted() };
    },
    ended: ended.finally(() => void close().catch(() => undefined)),
    cancel: () => replication.cancel(),
  };
}

const progressOf = (info: Info): PouchProgress => ({
  read: info.docs_read,
  written: info.docs_written,
  failed: info.doc_write_failures,
  pending: info.pending ?? null,
  isCurrent: false,
});

function open(PouchDB: Pouch, { url, login, name }: PouchEnd): Database {
  const auth = login === null ? {} : { auth: login };
  // What is longer than `size`, node-fetch gives up.
  const fetch: Pouch['fetch'] = (to, options) => PouchDB.fetch(to, { ...options, size: REPLY_BYTES });
  const database = new PouchDB(url, { ...auth, fetch, skip_setup: true });
  database.id = () => Promise.resolve(name);
  return database;
}

function reasonOf(error: unknown): string {
  const { reason, message, status } = (error ?? {}) as { reason?: string; message?: string; status?: number };
  return reason ?? message ?? `it ended with ${status ?? 'an error'}`;
}

/** By `require`: in the one file that the agent starts from, an `import` that names no file finds no loader. */
function load(): Pouch {
  try {
    return createRequire(import.meta.url)(PACKAGE) as Pouch;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new PouchMissing(
      'replication by the agent needs a package that is not installed: npm install pouchdb@9',
    );
  }
}
