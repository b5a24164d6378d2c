// A database's security object (CouchDB API reference, 1.4.6), and what has to be added to it. Pure; what is there
// stays there.
import * as v from 'valibot';
import { couchRoleOf, rolesIn, type Target } from './targets.js';

const NAMES = v.optional(v.array(v.string()), []);
const GROUP = v.optional(v.looseObject({ names: NAMES, roles: NAMES }), {});
const SECURITY = v.looseObject({ admins: GROUP, members: GROUP });
export type Security = v.InferOutput<typeof SECURITY>;

/** Null for what is no security object. */
export function parseSecurity(untrusted: unknown): Security | null {
  const result = v.safeParse(SECURITY, untrusted);
  return result.success ? result.output : null;
}

/** A database without members is everyone's. */
export const isPublic = ({ members }: Security): boolean =>
  members.names.length === 0 && members.roles.length === 0;

export type Group = 'members' | 'admins';

export interface Admission {
  readonly database: string;
  readonly couchRole: string;
  readonly group: Group;
  /** The database is public now, and would be closed to everyone else. */
  readonly closes: boolean;
}

/** What lets each role in that the policy grants this database. `design` needs an administrator of the database. */
export function missingAdmissions(
  targets: readonly Target[],
  database: string,
  security: Security,
): Admission[] {
  const closes = isPublic(security);
  return rolesIn(targets, database).flatMap(({ role, grant }) => {
    const couchRole = couchRoleOf(role);
    const wanted: Group[] = grant.design ? ['members', 'admins'] : ['members'];
    return wanted
      .filter((group) => !security[group].roles.includes(couchRole))
      .map((group) => ({ database, couchRole, group, closes: closes && group === 'members' }));
  });
}

/** The security object with this role added. */
export const admit = (security: Security, { couchRole, group }: Admission): Security => ({
  ...security,
  [group]: { ...security[group], roles: [...security[group].roles, couchRole] },
});
