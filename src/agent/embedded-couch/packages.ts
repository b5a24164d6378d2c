// The optional packages that the embedded server is made of, typed as far as it uses them. They are CommonJS, come
// without usable types, and may not be installed.
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Document = Record<string, unknown> & { _id: string; _rev?: string };

/** Who writes, for validation functions. */
export interface WriteContext {
  readonly userCtx: { readonly name: string | null; readonly roles: readonly string[]; readonly db: string };
  readonly secObj: object;
}

export interface WriteResult {
  readonly ok?: true;
  readonly id?: string;
  readonly rev?: string;
  readonly error?: unknown;
  readonly name?: string;
  readonly message?: string;
}

export interface ReadOptions {
  readonly rev?: string;
  readonly revs?: boolean;
  readonly attachments?: boolean;
  /** Attachments as buffers, not base64. */
  readonly binary?: boolean;
}

export type OpenRevision = { readonly ok: Document } | { readonly missing: string };

export interface Change {
  readonly id: string;
  readonly seq: number;
}

export interface ChangesOptions {
  readonly since: number | 'now';
  readonly live: boolean;
  readonly return_docs: false;
  readonly descending?: boolean;
  readonly limit?: number;
  readonly style?: 'all_docs' | 'main_only';
  readonly include_docs?: boolean;
  readonly attachments?: boolean;
  readonly conflicts?: boolean;
  readonly filter?: (document: Document) => boolean;
}

/** An emitter that is also a promise of its end. */
export interface ChangesFeed extends PromiseLike<{ readonly last_seq: number }> {
  on(event: 'change', listener: (change: Change) => void): this;
  on(event: 'complete', listener: () => void): this;
  on(event: 'error', listener: (error: unknown) => void): this;
  cancel(): void;
}

/** A database of PouchDB 9 on LevelDB. */
export interface PouchDatabase {
  get(id: string, options?: ReadOptions): Promise<Document>;
  get(
    id: string,
    options: ReadOptions & { readonly open_revs: readonly string[] | 'all' },
  ): Promise<OpenRevision[]>;
  put(
    document: Document,
    options: Partial<WriteContext> & { readonly new_edits?: boolean },
  ): Promise<WriteResult>;
  remove(id: string, rev: string, options: Partial<WriteContext>): Promise<WriteResult>;
  bulkDocs(
    documents: readonly Record<string, unknown>[],
    options: WriteContext & { readonly new_edits: boolean },
  ): Promise<WriteResult[]>;
  getAttachment(id: string, name: string, options: ReadOptions): Promise<Buffer>;
  putAttachment(
    id: string,
    name: string,
    rev: string | undefined,
    bytes: Buffer,
    type: string,
    options: WriteContext,
  ): Promise<WriteResult>;
  removeAttachment(id: string, name: string, rev: string, options: WriteContext): Promise<WriteResult>;
  changes(options: ChangesOptions): ChangesFeed;
  info(): Promise<{ readonly update_seq: number }>;
  destroy(): Promise<unknown>;
  close(): Promise<void>;
}

export interface PouchConstructor {
  new (name: string): PouchDatabase;
  readonly version: string;
  defaults(options: { readonly prefix: string }): PouchConstructor;
  /** Added by express-pouchdb. */
  allDbs(): Promise<string[]>;
  /** Where express-pouchdb keeps the databases that it has opened. */
  __dbCacheMap?: Map<string, PouchDatabase>;
}

export interface ExpressPouchdb {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  setPouchDB(pouch: PouchConstructor): Promise<void>;
  readonly dbWrapper: { wrap(name: string, database: PouchDatabase): Promise<PouchDatabase> };
}

export interface Packages {
  readonly PouchDB: PouchConstructor;
  readonly createExpressPouchdb: (options: {
    readonly mode: 'custom';
    readonly overrideMode: { readonly include: readonly string[] };
  }) => ExpressPouchdb;
}

export class PackagesMissing extends Error {}

/** Loads what is installed; throws `PackagesMissing`, with what to install as its message. */
export async function loadPackages(): Promise<Packages> {
  try {
    return {
      PouchDB: (await loadDefault('pouchdb')) as Packages['PouchDB'],
      createExpressPouchdb: (await loadDefault('express-pouchdb')) as Packages['createExpressPouchdb'],
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PackagesMissing(
      'the embedded database needs packages that are not installed: npm install pouchdb@9 express-pouchdb@4 express@4',
    );
  }
}

async function loadDefault(name: string): Promise<unknown> {
  const module = (await import(name)) as { readonly default: unknown };
  return module.default;
}
