// What has to change in a CouchDB so that the gateway can work in it with limited credentials: read here, shown to a
// person, and done by `apply.ts`. Reading changes nothing, and a CouchDB that is as it should be has an empty plan.
import { createCouchClient, CouchError, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import { missingAdmissions, parseSecurity, type Admission } from './security.js';
import { couchRolesOf, rolesIn, type Target } from './targets.js';

export type Step =
  | { readonly step: 'create-database'; readonly database: string }
  | {
      readonly step: 'set-user';
      readonly credential: string;
      readonly username: string;
      readonly roles: readonly string[];
      readonly isNew: boolean;
    }
  | { readonly step: 'remove-user'; readonly credential: string; readonly username: string }
  | AdmitStep
  | { readonly step: 'no-startup-jitter'; readonly was: string };

export type AdmitStep = { readonly step: 'admit' } & Admission;

export interface PlanContext {
  readonly url: string;
  readonly admin: CouchClient;
  readonly targets: readonly Target[];
  /** Whose user goes away: of shares that have ended. */
  readonly ended: readonly EndedUser[];
  /** What is there already. */
  readonly credentials: Credentials;
  /** Databases that are made when they are not there, and the policy has them. */
  readonly firstDatabases: readonly string[];
}

export type EndedUser = Pick<Target, 'credential' | 'username'>;

export const USERS_DATABASE = '_users';
export const JITTER = ['replicator', 'startup_jitter'] as const;
/** Milliseconds. */
const DEFAULT_JITTER = '5000';
export const NO_JITTER = '0';
const UNAUTHORIZED = 401;

/** New databases are admitted into when they are made: `apply.ts` reads their security then. */
export async function readPlan(context: PlanContext): Promise<Step[]> {
  const databases = await context.admin.databases();
  const missing = context.firstDatabases.filter(
    (name) => !databases.includes(name) && rolesIn(context.targets, name).length > 0,
  );
  const steps: Step[] = [];
  if (!databases.includes(USERS_DATABASE)) missing.unshift(USERS_DATABASE);
  for (const database of missing) steps.push({ step: 'create-database', database });
  for (const target of context.targets) steps.push(...(await planUser(context, target, databases)));
  if (databases.includes(USERS_DATABASE)) steps.push(...(await planRemovals(context)));
  for (const database of databases) steps.push(...(await planAdmissions(context, database)));
  const jitter = await context.admin.setting(...JITTER);
  if (jitter !== undefined && jitter !== NO_JITTER)
    steps.push({ step: 'no-startup-jitter', was: jitter ?? DEFAULT_JITTER });
  return steps;
}

async function planUser(
  { url, admin, credentials }: PlanContext,
  target: Target,
  databases: readonly string[],
): Promise<Step[]> {
  const { credential, username } = target;
  const roles = couchRolesOf(target);
  const isNew =
    !databases.includes(USERS_DATABASE) ||
    (await admin.document(USERS_DATABASE, userIdOf(username))) === null;
  const known = credentials[credential];
  const session = known !== undefined && 'basic' in known ? await sessionOf(url, known.basic) : null;
  const isRight =
    session?.name === username && JSON.stringify([...session.roles].sort()) === JSON.stringify(roles);
  return isRight ? [] : [{ step: 'set-user', credential, username, roles, isNew }];
}

/** Of those that are there. */
export async function planRemovals({ admin, ended }: Pick<PlanContext, 'admin' | 'ended'>): Promise<Step[]> {
  const users = await admin.documents(
    USERS_DATABASE,
    ended.map(({ username }) => userIdOf(username)),
  );
  const there = new Set(users.map(({ _id }) => _id));
  return ended
    .filter(({ username }) => there.has(userIdOf(username)))
    .map(({ credential, username }) => ({ step: 'remove-user', credential, username }));
}

export const userIdOf = (username: string): string => `org.couchdb.user:${username}`;

/** Who this login turns out to be; null where it is refused. */
async function sessionOf(url: string, login: { username: string; password: string }) {
  try {
    return await createCouchClient(url, login).session();
  } catch (error) {
    if (error instanceof CouchError && error.status === UNAUTHORIZED) return null;
    throw error;
  }
}

/** For a database that is there. Its security object is left alone where it cannot be understood. */
export async function planAdmissions(
  { admin, targets }: Pick<PlanContext, 'admin' | 'targets'>,
  database: string,
): Promise<AdmitStep[]> {
  if (missingAdmissions(targets, database, EMPTY).length === 0) return [];
  const security = parseSecurity(await admin.security(database));
  if (security === null) return [];
  return missingAdmissions(targets, database, security).map((admission) => ({ step: 'admit', ...admission }));
}

const EMPTY = { admins: { names: [], roles: [] }, members: { names: [], roles: [] } };
