// PouchDB as a peer's database: in a temporary folder, and over mutual TLS to a gateway. Typed as far as the tests
// use it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventEmitter } from 'node:events';
import type { Agent } from 'node:https';
import type { Peer } from './peer.js';

export type Json = Record<string, unknown>;
export type PouchDocument = Json & { readonly _id: string; readonly _rev?: string };

export interface PouchChange {
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
}

/** Emits `change`; it is also a promise of all changes. */
export interface PouchChanges
  extends EventEmitter, PromiseLike<{ readonly results: readonly PouchChange[] }> {
  cancel(): void;
}

export interface ReplicationResult {
  readonly ok: boolean;
  readonly docs_read: number;
  readonly docs_written: number;
  readonly doc_write_failures: number;
  readonly errors: readonly unknown[];
}

/** Emits `change`, `paused`, `active`, `denied`, `complete` and `error`; it is also a promise of its end. */
export interface Replication extends EventEmitter, PromiseLike<ReplicationResult> {
  cancel(): void;
}

export interface ReplicationOptions {
  readonly live?: boolean;
  readonly retry?: boolean;
  readonly batch_size?: number;
  readonly selector?: Json;
  readonly doc_ids?: readonly string[];
}

export interface PouchDatabase {
  get(id: string, options?: Json): Promise<PouchDocument>;
  put(document: PouchDocument): Promise<{ readonly rev: string }>;
  bulkDocs(documents: readonly PouchDocument[], options?: { new_edits?: boolean }): Promise<readonly Json[]>;
  changes(options: Json): PouchChanges;
  info(): Promise<{ readonly doc_count: number }>;
  close(): Promise<void>;
  readonly replicate: {
    to(other: PouchDatabase, options?: ReplicationOptions): Replication;
    from(other: PouchDatabase, options?: ReplicationOptions): Replication;
  };
}

type Fetch = (url: string, options: object) => Promise<unknown>;

interface Pouch {
  new (name: string, options?: { fetch?: Fetch; skip_setup?: boolean }): PouchDatabase;
  readonly fetch: Fetch;
}

const PouchDB = createRequire(import.meta.url)('pouchdb') as Pouch;

export interface PouchFolder {
  /** A new, empty database on disk. */
  create(name: string): PouchDatabase;
  close(): Promise<void>;
}

export function createPouchFolder(): PouchFolder {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-pouch-'));
  const open: PouchDatabase[] = [];
  return {
    create(name) {
      const database = new PouchDB(join(folder, name));
      open.push(database);
      return database;
    },
    async close() {
      await Promise.all(open.map((database) => database.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The database behind the gateway, as PouchDB sees it; `onRequest` hears the URL of each request. Its parser of URLs
 * knows no IPv6 addresses.
 */
export function remotePouch(
  { agent, port }: Pick<Peer, 'agent' | 'port'>,
  database: string,
  onRequest: (url: URL) => void = () => undefined,
): PouchDatabase {
  const origin = `https://gateway:${port}`;
  return new PouchDB(`${origin}/couch/${encodeURIComponent(database)}`, {
    fetch(url, options) {
      const reachable = url.replace(origin, `https://[::1]:${port}`);
      onRequest(new URL(reachable));
      return PouchDB.fetch(reachable, { ...options, agent });
    },
  });
}

/** The database at this URL of loopback, as PouchDB sees it; the header is all that tells who asks. */
export function httpPouch(url: string, authorization: string): PouchDatabase {
  return new PouchDB(url, {
    fetch(address, options) {
      const { headers } = options as { headers: Headers };
      headers.set('authorization', authorization);
      return PouchDB.fetch(address, options);
    },
  });
}

/** The database at this URL, asked over `agent`. */
export function pouchOver(url: string, agent: Agent): PouchDatabase {
  return new PouchDB(url, { fetch: (address, options) => PouchDB.fetch(address, { ...options, agent }) });
}
