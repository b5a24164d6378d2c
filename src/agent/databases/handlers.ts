// What other commands ask of databases: which there are, and to make one. Only those are made that the user's own devices
// may write to, by this device's policy.
import { grantOf, isDatabaseName, type Access, type Policy } from '../../core/policy/policy.js';
import { ownRoles } from '../../core/policy/role-of.js';
import { listDatabases } from '../provision/follow.js';
import type { Service } from '../up/service.js';
import type { Upstream } from '../upstream/upstream.js';
import { makeDatabase } from './make-database.js';
import { noAdministrator, noName, notGranted } from './refusals.js';

export interface ListedDatabase {
  readonly database: string;
  /** What the user's own devices may do there; null: it is not for them. */
  readonly access: Access | null;
}

/** Method by method: what it is asked with, and what it answers. */
export interface DatabaseMethods {
  /** Null where nobody is known who may list them. */
  readonly databases: [params: object, answer: { readonly databases: readonly ListedDatabase[] | null }];
  readonly 'make-database': [
    params: { readonly database: string },
    answer: {
      readonly database: string;
      /** False where it was there before. */
      readonly isNew: boolean;
    },
  ];
}

type DatabaseHandlers = {
  readonly [Method in keyof DatabaseMethods]: (
    params: DatabaseMethods[Method][0],
  ) => Promise<DatabaseMethods[Method][1]>;
};

export function createDatabaseHandlers(
  upstream: Upstream,
  service: Pick<Service, 'policy' | 'targets'>,
): DatabaseHandlers {
  const list = async (): Promise<readonly string[] | null> =>
    upstream.admin === null ? null : listDatabases(upstream.admin.client);
  return {
    async databases() {
      const policy = service.policy();
      const names = await list();
      return {
        databases: names?.map((database) => ({ database, access: ownAccess(policy, database) })) ?? null,
      };
    },
    async 'make-database'({ database }) {
      requireOwn(service.policy(), database);
      const names = await list();
      if (names === null) throw noAdministrator();
      const isNew = !names.includes(database);
      if (isNew) await makeDatabase(database, upstream, service.targets());
      return { database, isNew };
    },
  };
}

function ownAccess(policy: Policy, database: string): Access | null {
  const found = ownRoles(policy).map((role) => grantOf(role, database)?.access ?? null);
  return found.find((access) => access === 'write') ?? found.find((access) => access !== null) ?? null;
}

function requireOwn(policy: Policy, database: string): void {
  if (!isDatabaseName(database)) throw noName(database);
  if (ownAccess(policy, database) === 'write') return;
  throw notGranted(database);
}
