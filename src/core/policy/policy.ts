// The compiled policy: which principal a judged leaf is, and what its role grants. Deny is the default everywhere:
// an empty policy lets no one in, and a role grants what it lists.
import type { DeviceId } from '../ids.js';
import { indexed } from './indexed.js';

export type Access = 'read' | 'write';

/** What one role may do with one database. */
export interface DatabaseGrant {
  /** An exact name, or a prefix followed by "*", which stands for at least one character. */
  readonly name: string;
  readonly access: Access;
  /** Views, Mango, selectors and JavaScript filters. */
  readonly query: boolean;
  /** Whether design documents may enter. */
  readonly design: boolean;
}

export type FilesGrant = 'all' | 'none' | { readonly referencedIn: readonly string[] };

export interface Role {
  readonly name: string;
  readonly exact: ReadonlyMap<string, DatabaseGrant>;
  /** Longest prefix first. */
  readonly prefixes: readonly { readonly prefix: string; readonly grant: DatabaseGrant }[];
  readonly files: FilesGrant;
  /** The key in `couchdb.credentials`; null for a role that never reaches the upstream. */
  readonly credential: string | null;
}

/** An entry of `policy.principals`; null stands for any device of the issuer. */
export type PrincipalEntry =
  | {
      readonly kind: 'issuer';
      readonly issuer: string;
      readonly device: DeviceId | null;
      readonly role: string;
    }
  | { readonly kind: 'cert'; readonly cert: string; readonly role: string };

export interface Policy {
  readonly roles: ReadonlyMap<string, Role>;
  /** In order: the first that matches holds. */
  readonly principals: readonly PrincipalEntry[];
}

const DATABASE_NAME = /^[a-z][a-z0-9_$()+/-]*$/;
/** CouchDB's own bound (a file name with its suffixes has to fit). */
const MAX_DATABASE_NAME_CHARACTERS = 238;

/** Whether `name` can be the name of a database that is not one of CouchDB's own. */
export const isDatabaseName = (name: string): boolean =>
  name.length <= MAX_DATABASE_NAME_CHARACTERS && DATABASE_NAME.test(name);

interface PrefixIndex {
  readonly grants: ReadonlyMap<string, DatabaseGrant>;
  /** Those of the prefixes, longest first: there are no more of them than a name has characters. */
  readonly lengths: readonly number[];
}

const prefixIndex = indexed((prefixes: Role['prefixes']): PrefixIndex => ({
  grants: new Map(prefixes.map(({ prefix, grant }) => [prefix, grant])),
  lengths: [...new Set(prefixes.map(({ prefix }) => prefix.length))].sort((one, other) => other - one),
}));

/** The one grant that holds for a database: the exact entry, else that of the longest prefix; null lets no one in. */
export function grantOf(role: Role, database: string): DatabaseGrant | null {
  if (!isDatabaseName(database)) return null;
  const exact = role.exact.get(database);
  if (exact !== undefined) return exact;
  const { grants, lengths } = prefixIndex(role.prefixes);
  for (const length of lengths) {
    const grant = length < database.length ? grants.get(database.slice(0, length)) : undefined;
    if (grant !== undefined) return grant;
  }
  return null;
}
