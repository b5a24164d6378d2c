// PouchDB and express-pouchdb behind the front: opens each database once, and hands over those requests that
// express-pouchdb answers well. It is given judged requests only; of its own guards none is relied upon.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDatabaseName } from '../../core/policy/policy.js';
import { formatTarget } from '../../core/target.js';
import type { DatabaseCall } from './call.js';
import type { Packages, PouchDatabase } from './packages.js';
import { Problem } from './problems.js';

export interface Engine {
  readonly version: string;
  list(): Promise<string[]>;
  /** Null when there is no such database. */
  open(name: string): Promise<PouchDatabase | null>;
  create(name: string): Promise<PouchDatabase>;
  destroy(name: string): Promise<void>;
  /** Resolves when express-pouchdb has answered. */
  forward(call: DatabaseCall): Promise<void>;
  close(): Promise<void>;
}

/** Of express-pouchdb's parts those that need no mending, and what they stand on. */
const PARTS = [
  'routes/all-docs',
  'routes/compact',
  'routes/db',
  'routes/documents',
  'routes/find',
  'routes/views',
  'validation',
];

/** PouchDB's own databases: the list of all, and the indexes of views. */
const RESERVED_NAME = /^pouch__all_dbs__$|-mrview-/;

/** Whether a database of the embedded server may have this name: a slash would be a folder of its own. */
export const isPlainDatabaseName = (name: string): boolean =>
  isDatabaseName(name) && !name.includes('/') && !RESERVED_NAME.test(name);

export async function createEngine(
  { PouchDB, createExpressPouchdb }: Packages,
  folder: string,
): Promise<Engine> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const Pouch = PouchDB.defaults({ prefix: join(folder, '/') });
  const app = createExpressPouchdb({ mode: 'custom', overrideMode: { include: PARTS } });
  await app.setPouchDB(Pouch);
  // Shared with express-pouchdb, which would go on with a database that was deleted and made again.
  const opened = new Map<string, PouchDatabase>();
  Pouch.__dbCacheMap = opened;
  const prepared = new Map<string, Promise<PouchDatabase>>();

  function prepare(name: string): Promise<PouchDatabase> {
    const known = prepared.get(name);
    if (known !== undefined) return known;
    const pouch = new Pouch(name);
    const ready = app.dbWrapper.wrap(name, pouch);
    opened.set(name, pouch);
    prepared.set(name, ready);
    return ready;
  }

  return {
    version: PouchDB.version,
    list: () => Pouch.allDbs(),
    async open(name) {
      return (await Pouch.allDbs()).includes(name) ? prepare(name) : null;
    },
    async create(name) {
      const pouch = await prepare(name);
      // LevelDB has it, and `allDbs` lists it, once it has told of itself.
      await pouch.info();
      return pouch;
    },
    async destroy(name) {
      const pouch = await prepare(name);
      opened.delete(name);
      prepared.delete(name);
      await pouch.destroy();
    },
    forward: (call) =>
      new Promise((resolve, reject) => {
        call.response.once('close', resolve);
        app(forExpress(call), call.response, (error) => reject(toError(error)));
      }),
    async close() {
      await Promise.all([...opened.values()].map((pouch) => pouch.close()));
    },
  };
}

/** The request as express-pouchdb's routes read it, written anew from what was judged. */
function forExpress({ request, segments, query, body, database }: DatabaseCall): DatabaseCall['request'] {
  const url = formatTarget(segments);
  return Object.assign(request, {
    url,
    originalUrl: url,
    query: Object.fromEntries(query),
    body: body ?? {},
    // Tells body-parser that the body was read.
    _body: true,
    couchSession: { userCtx: database.write.userCtx },
    couchSecurityObj: database.security,
  });
}

/** No error means that no route matched. */
const toError = (error: unknown): Error => (error instanceof Error ? error : new Problem('missing'));
