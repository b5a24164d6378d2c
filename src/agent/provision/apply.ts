// Does what a plan says, each step read back. Every step can be done again: a plan that was cut short is read anew.
import { randomBytes } from 'node:crypto';
import type { CouchClient } from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import { Failure } from '../cli/failure.js';
import {
  JITTER,
  NO_JITTER,
  planAdmissions,
  USERS_DATABASE,
  userIdOf,
  type PlanContext,
  type Step,
} from './plan.js';
import { admit, parseSecurity, type Admission } from './security.js';

const PASSWORD_BYTES = 24;

/**
 * Does the steps in order. A new credential is handed over at once, before the next step: from then on it is the only
 * one that is good.
 */
export async function applyPlan(
  context: PlanContext,
  steps: readonly Step[],
  onCredential: (made: Credentials) => Promise<void> | void,
): Promise<void> {
  for (const step of steps) {
    if (step.step === 'set-user') await onCredential(await setUser(context.admin, step));
    else await applyStep(context, step);
  }
}

type OtherStep = Exclude<Step, { step: 'set-user' }>;

async function applyStep(context: PlanContext, step: OtherStep): Promise<void> {
  const { admin } = context;
  if (step.step === 'no-startup-jitter') await admin.setSetting(...JITTER, NO_JITTER);
  if (step.step === 'remove-user') await removeUser(admin, step.username);
  if (step.step === 'admit') await addRole(admin, step);
  if (step.step === 'create-database') {
    await admin.createDatabase(step.database);
    for (const next of await planAdmissions(context, step.database)) await addRole(admin, next);
  }
}

async function setUser(
  admin: CouchClient,
  { credential, username, roles }: Extract<Step, { step: 'set-user' }>,
): Promise<Credentials> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const _id = userIdOf(username);
  const before = await admin.document(USERS_DATABASE, _id);
  const rev = before === null ? {} : { _rev: before['_rev'] };
  await admin.putDocument(USERS_DATABASE, { ...rev, _id, name: username, type: 'user', roles, password });
  return { [credential]: { basic: { username, password } } };
}

async function removeUser(admin: CouchClient, username: string): Promise<void> {
  const _id = userIdOf(username);
  const before = await admin.document(USERS_DATABASE, _id);
  if (before !== null) await admin.putDocument(USERS_DATABASE, { _id, _rev: before['_rev'], _deleted: true });
}

async function addRole(admin: CouchClient, admission: Admission): Promise<void> {
  const { database, couchRole, group } = admission;
  const read = async () => parseSecurity(await admin.security(database));
  const before = await read();
  if (before === null || before[group].roles.includes(couchRole)) return;
  await admin.setSecurity(database, admit(before, admission));
  if ((await read())?.[group].roles.includes(couchRole) === true) return;
  throw new Failure('unavailable', 'not-kept', `CouchDB did not keep the change to _security of ${database}`);
}
