// What is asked of a CouchDB and what it answers, as types; every failure is a `CouchError`.

export interface CouchLogin {
  readonly username: string;
  readonly password: string;
}

export interface CouchSession {
  readonly name: string | null;
  readonly roles: readonly string[];
}

export interface CouchInfo {
  readonly version: string;
  /** Of the installation; null where it tells none. */
  readonly uuid: string | null;
}

export type CouchDocument = Readonly<Record<string, unknown>> & { readonly _id: string };

/** One end of a replication: a URL, and who it is asked as; null for nobody. */
export interface ReplicationEnd {
  readonly url: string;
  readonly login: CouchLogin | null;
}

export interface Replication {
  readonly source: ReplicationEnd;
  readonly target: ReplicationEnd;
  readonly selector: object | null;
}

/** A job of the replicator's scheduler, as far as it could be read. */
export interface ReplicatorJob {
  readonly id: string;
  readonly source: string;
  readonly read: number;
  readonly written: number;
  readonly failed: number;
  /**
   * Of the source: all up to there is here. Null while it does not say, which may take half a minute where nothing is new.
   * (Its `changes_pending` is told every 30 s only.)
   */
  readonly throughSeq: string | null;
  /** Why it does not run; null where it does, or waits for its turn. */
  readonly crash: string | null;
}

export interface LeafChange {
  readonly id: string;
  readonly isDeleted: boolean;
  /** Leaves of its revision tree, deleted ones too. */
  readonly leaves: number;
}

export interface LeafChanges {
  readonly changes: readonly LeafChange[];
  readonly lastSeq: string;
}

export class CouchError extends Error {
  /** Of the reply; null when there was none: the server cannot be reached. */
  readonly status: number | null;
  constructor(status: number | null, reason: string) {
    super(reason);
    this.name = 'CouchError';
    this.status = status;
  }
}

export interface CouchChanges {
  readonly results: readonly {
    readonly id: string;
    readonly deleted: boolean;
    readonly doc: Readonly<Record<string, unknown>> | null;
  }[];
  readonly lastSeq: string | number;
}

export interface CouchClient {
  info(): Promise<CouchInfo>;
  session(): Promise<CouchSession>;
  databases(): Promise<string[]>;
  hasDatabase(database: string): Promise<boolean>;
  /** False when it was there already. */
  createDatabase(database: string): Promise<boolean>;
  security(database: string): Promise<Readonly<Record<string, unknown>>>;
  setSecurity(database: string, security: object): Promise<void>;
  /** The document, null where there is none. */
  document(database: string, id: string): Promise<CouchDocument | null>;
  /** Those of these that are there. */
  documents(database: string, ids: readonly string[]): Promise<readonly CouchDocument[]>;
  /** Rejects with status 409 where it is not the next of what is there. */
  putDocument(database: string, document: CouchDocument): Promise<void>;
  /** What changed after `since`, at most `limit`, each with its document (null for one that is gone). */
  changes(database: string, from: { since: string | number; limit: number }): Promise<CouchChanges>;
  /** Begins a continuous transient job, and resolves with its id. */
  replicate(replication: Replication): Promise<string>;
  /** False where there is no such job. */
  cancelReplication(id: string): Promise<boolean>;
  replicatorJobs(): Promise<ReplicatorJob[]>;
  /** What changed after `since`, at most `limit` documents, with all their leaves. */
  leafChanges(database: string, since: string, limit: number): Promise<LeafChanges>;
  /** A configuration value of the node that answers, null where it is not set; undefined for a server without configuration. */
  setting(section: string, key: string): Promise<string | null | undefined>;
  setSetting(section: string, key: string, value: string): Promise<void>;
}
