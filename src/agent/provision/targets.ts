// Which CouchDB user stands for which roles of the policy, and what CouchDB calls them.
import { createProblems } from '../../core/env/problems.js';
import type { DeviceId } from '../../core/ids.js';
import { compilePolicy } from '../../core/policy/compile.js';
import { grantOf, type DatabaseGrant, type Role } from '../../core/policy/policy.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Policy } from '../config/settings.js';

/** One CouchDB user, for all roles of the policy that name this key of `couchdb.credentials`. */
export interface Target {
  readonly credential: string;
  readonly username: string;
  readonly roles: readonly Role[];
}

const ID_CHARACTERS = 8;

/** What CouchDB knows a role of the policy as. */
export const couchRoleOf = (role: Role): string => `patchcord:${role.name}`;
export const couchRolesOf = ({ roles }: Target): string[] => roles.map(couchRoleOf).sort();

/** Several devices may share one CouchDB, each with users of its own. Credentials that are not by password are left alone. */
export function targetsOf(policy: Policy, known: Credentials, deviceId: DeviceId): Target[] {
  const compiled = compilePolicy(policy, { cas: null, certs: null, credentials: null }, createProblems());
  const targets = new Map<string, Role[]>();
  for (const role of compiled.roles.values()) {
    const { credential } = role;
    if (credential === null || !isByPassword(known, credential)) continue;
    targets.set(credential, [...(targets.get(credential) ?? []), role]);
  }
  return Array.from(targets, ([credential, roles]) => ({
    credential,
    username: usernameOf(credential, deviceId),
    roles,
  }));
}

export const usernameOf = (credential: string, deviceId: DeviceId): string =>
  `patchcord-${credential}-${deviceId.slice(0, ID_CHARACTERS).toLowerCase()}`;

const isByPassword = (known: Credentials, name: string): boolean =>
  !Object.hasOwn(known, name) || 'basic' in (known[name] ?? {});

export interface GrantedRole {
  readonly role: Role;
  readonly grant: DatabaseGrant;
}

/** The roles that may enter this database. */
export const rolesIn = (targets: readonly Target[], database: string): GrantedRole[] =>
  targets
    .flatMap(({ roles }) => roles)
    .flatMap((role) => {
      const grant = grantOf(role, database);
      return grant === null ? [] : [{ role, grant }];
    });
