// One request to the embedded server, parsed: what every handler gets, and how it replies.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Target } from '../../core/target.js';
import type { Engine } from './engine.js';
import { Problem, require } from './problems.js';
import type { PouchDatabase, WriteContext } from './packages.js';
import type { Security } from './security.js';
import type { User } from './users.js';

/** A database that the user of the call may enter. */
export interface EnteredDatabase {
  readonly name: string;
  readonly pouch: PouchDatabase;
  readonly security: Security;
  /** Whether the user may change design documents and `_security`. */
  readonly isAdmin: boolean;
  /** The user and the security object, for validation functions. */
  readonly write: WriteContext;
}

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  readonly user: User;
  /** Of a JSON body the value, of others the bytes; null without one. */
  readonly body: unknown;
  readonly engine: Engine;
  /** Aborted when the server closes: feeds end. */
  readonly closing: AbortSignal;
}

export interface DatabaseCall extends Call {
  readonly database: EnteredDatabase;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

/** The query without repeated names, which have two readings. */
export function parseQuery({ query }: Target): Map<string, string> {
  const values = new Map(query.map(({ name, value }) => [name, value]));
  require('query-repeated', values.size === query.length);
  return values;
}

export function parseFlag(query: ReadonlyMap<string, string>, name: string, otherwise = false): boolean {
  const value = query.get(name);
  if (value === undefined) return otherwise;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw new Problem('query-value');
}

const REVISION = /^[1-9]\d{0,15}-[^-]{1,128}$/;
const LOCAL_REVISION = /^0-\d{1,16}$/;

export const isRevision = (value: unknown): value is string =>
  typeof value === 'string' && REVISION.test(value);

/** The revision of a document that is written, from query or body; undefined for a new one. */
export function parseRevision(value: unknown, id: string): string | undefined {
  if (value === undefined) return undefined;
  const isLocal = id.startsWith('_local/') && typeof value === 'string' && LOCAL_REVISION.test(value);
  if (isLocal || isRevision(value)) return value;
  throw new Problem('revision');
}

export function parseObject(value: unknown): Record<string, unknown> {
  require('body-shape', typeof value === 'object' && value !== null && !Array.isArray(value));
  return value as Record<string, unknown>;
}

export function parseArray(value: unknown): readonly unknown[] {
  require('body-shape', Array.isArray(value));
  return value;
}

/** What CouchDB takes for an id of a document in a body: not what begins with "_", but for design documents. */
export function checkBodyId(id: unknown, database: EnteredDatabase): asserts id is string {
  require('document-id', typeof id === 'string' && id !== '');
  require('document-id', !id.startsWith('_') || /^_design\/[^_]/.test(id));
  if (id.startsWith('_design/')) require('needs-database-admin', database.isAdmin);
}

/** The id that the segments after the database's name: a document, a design document, a local one. */
export const documentIdOf = ([, first = '', second = '']: readonly string[]): string =>
  first === '_design' || first === '_local' ? `${first}/${second}` : first;
