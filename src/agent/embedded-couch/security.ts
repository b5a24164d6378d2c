// Who may enter a database: its security object, and what follows from it. A database without one is the admin's.
import * as v from 'valibot';
import type { EnteredDatabase } from './call.js';
import { isPlainDatabaseName, type Engine } from './engine.js';
import type { PouchDatabase } from './packages.js';
import { Problem, require } from './problems.js';
import { isServerAdmin, type User } from './users.js';

/** To valibot an array is an object too, here one without members: that would open the database. */
const NO_ARRAY = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
);
const NAMES = v.optional(v.array(v.string()));
const GROUP = v.optional(v.pipe(NO_ARRAY, v.looseObject({ names: NAMES, roles: NAMES })));
const SECURITY = v.pipe(NO_ARRAY, v.looseObject({ admins: GROUP, members: GROUP }));
export type Security = v.InferOutput<typeof SECURITY>;
type Group = Security['members'];

/** Of a database whose security was never set, as CouchDB 3 has it: nobody enters but server admins. */
const ADMINS_ONLY: Security = { admins: { roles: ['_admin'] }, members: { roles: ['_admin'] } };

/** Where express-pouchdb would keep it too. No client reaches this id (see local-documents.ts). */
const SECURITY_ID = '_local/_security';

export const USERS_DATABASE = '_users';

/** The security object in `untrusted`; throws `body-shape`. */
export function parseSecurity(untrusted: unknown): Security {
  const security = v.safeParse(SECURITY, untrusted);
  require('body-shape', security.success);
  return security.output;
}

async function readDocument(pouch: PouchDatabase): Promise<Record<string, unknown> | null> {
  return pouch.get(SECURITY_ID).catch((error: unknown) => {
    if ((error as { status?: unknown }).status === 404) return null;
    throw error;
  });
}

async function readSecurity(pouch: PouchDatabase): Promise<Security> {
  const document = await readDocument(pouch);
  return document === null ? ADMINS_ONLY : parseSecurity(document['security']);
}

export async function writeSecurity(pouch: PouchDatabase, security: Security): Promise<void> {
  const document = await readDocument(pouch);
  await pouch.put({ ...document, _id: SECURITY_ID, security }, {});
}

const isIn = (user: User, group: Group): boolean =>
  (user.name !== null && group?.names?.includes(user.name) === true) ||
  user.roles.some((role) => group?.roles?.includes(role) === true);

const isEmpty = (group: Group): boolean => (group?.names?.length ?? 0) + (group?.roles?.length ?? 0) === 0;

/** The database, for a user who may enter it; throws what refuses that. As in CouchDB, no members are all users. */
export async function enterDatabase(engine: Engine, name: string, user: User): Promise<EnteredDatabase> {
  if (name === USERS_DATABASE) require('needs-admin', isServerAdmin(user));
  else require('database-name', isPlainDatabaseName(name));
  const pouch = await engine.open(name);
  if (pouch === null) throw new Problem('no-database');
  const security = await readSecurity(pouch);
  const isAdmin = isServerAdmin(user) || isIn(user, security.admins);
  require('needs-member', isAdmin || isEmpty(security.members) || isIn(user, security.members));
  const userCtx = { name: user.name, roles: user.roles, db: name };
  return { name, pouch, security, isAdmin, write: { userCtx, secObj: security } };
}
