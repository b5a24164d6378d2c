// Compiles `policy` of the env. What can never hold (an entry behind one that always matches first, a name that
// stands for nothing) is a problem: someone meant something by it.
import type * as v from 'valibot';
import type { Problems } from '../env/problems.js';
import type { POLICY } from '../env/shape.js';
import type { DeviceId } from '../ids.js';
import {
  grantOf,
  isDatabaseName,
  type DatabaseGrant,
  type Policy,
  type PrincipalEntry,
  type Role,
} from './policy.js';
import { createCoverCheck } from './principal-index.js';

type Shape = v.InferOutput<typeof POLICY>;
type RoleShape = Shape['roles'][string];

/** What the rest of the env knows; null where that part had problems of its own. */
export interface PolicyContext {
  readonly cas: ReadonlySet<string> | null;
  readonly certs: ReadonlySet<string> | null;
  readonly credentials: ReadonlySet<string> | null;
}

export function compilePolicy(shape: Shape, context: PolicyContext, problems: Problems): Policy {
  const roles = new Map<string, Role>();
  for (const [name, role] of Object.entries(shape.roles))
    roles.set(name, compileRole(name, role, context, problems));
  return { roles, principals: compilePrincipals(shape, context, problems) };
}

function compileRole(name: string, shape: RoleShape, context: PolicyContext, problems: Problems): Role {
  const path = ['policy', 'roles', name];
  const exact = new Map<string, DatabaseGrant>();
  const prefixes: { prefix: string; grant: DatabaseGrant }[] = [];
  const seen = new Set<string>();
  for (const [index, grant] of shape.databases.entries()) {
    const at = [...path, 'databases', index];
    if (seen.has(grant.name))
      problems.add(at, 'is never reached: an entry of the same name stands before it');
    seen.add(grant.name);
    checkGrant(grant, at, problems);
    if (grant.name.endsWith('*')) prefixes.push({ prefix: grant.name.slice(0, -1), grant });
    else exact.set(grant.name, grant);
  }
  prefixes.sort((one, other) => other.prefix.length - one.prefix.length);
  const role: Role = { name, exact, prefixes, files: shape.files, credential: shape.credentials ?? null };
  checkFiles(role, path, problems);
  checkCredential(role, context, path, problems);
  return role;
}

function checkGrant(grant: DatabaseGrant, path: readonly (string | number)[], problems: Problems): void {
  const isPrefix = grant.name.endsWith('*');
  const stem = isPrefix ? grant.name.slice(0, -1) : grant.name;
  if (!isDatabaseName(stem)) {
    problems.add([...path, 'name'], 'must be the name of a database, or the start of one and "*"');
  }
  if (grant.design && isPrefix) problems.add([...path, 'design'], 'goes with an exact name only');
  if (grant.design && grant.access === 'read') problems.add([...path, 'design'], 'needs "access": "write"');
}

function checkFiles(role: Role, path: readonly string[], problems: Problems): void {
  if (typeof role.files === 'string') return;
  for (const [index, database] of role.files.referencedIn.entries()) {
    if (grantOf(role, database) === null) {
      problems.add(
        [...path, 'files', 'referencedIn', index],
        'must be the exact name of a database that the role may read',
      );
    }
  }
}

function checkCredential(
  role: Role,
  context: PolicyContext,
  path: readonly string[],
  problems: Problems,
): void {
  const asksUpstream = role.exact.size + role.prefixes.length > 0;
  if (role.credential === null) {
    if (asksUpstream) problems.add([...path, 'credentials'], 'is missing, and the role has databases');
  } else if (context.credentials?.has(role.credential) === false) {
    problems.add([...path, 'credentials'], 'is not a key of couchdb.credentials');
  }
}

function compilePrincipals(shape: Shape, context: PolicyContext, problems: Problems): PrincipalEntry[] {
  const entries: PrincipalEntry[] = [];
  const isCovered = createCoverCheck();
  for (const [index, raw] of shape.principals.entries()) {
    const path = ['policy', 'principals', index];
    if (!Object.hasOwn(shape.roles, raw.role))
      problems.add([...path, 'role'], 'is not a key of policy.roles');
    const entry = compilePrincipal(raw);
    const known = entry.kind === 'cert' ? context.certs : context.cas;
    const name = entry.kind === 'cert' ? entry.cert : entry.issuer;
    if (known?.has(name) === false) {
      problems.add(
        [...path, entry.kind],
        entry.kind === 'cert' ? 'is not a key of trust.certs' : 'is not a key of trust.cas',
      );
    }
    if (isCovered(entry)) {
      problems.add(path, 'is never reached: an entry before it matches all that it matches');
    }
    entries.push(entry);
  }
  return entries;
}

const compilePrincipal = (raw: Shape['principals'][number]): PrincipalEntry =>
  'cert' in raw
    ? { kind: 'cert', cert: raw.cert, role: raw.role }
    : { kind: 'issuer', issuer: raw.issuer, device: (raw.device ?? null) as DeviceId | null, role: raw.role };
