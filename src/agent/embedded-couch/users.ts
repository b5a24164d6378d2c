// Who a request is from: basic authentication against the one admin, who lives in memory only, and the documents of
// `_users`. Passwords are stored hashed, in CouchDB's form.
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import * as v from 'valibot';
import type { Admin } from './messages.js';
import type { PouchDatabase } from './packages.js';
import { Problem, require } from './problems.js';

export interface User {
  /** Null is nobody. */
  readonly name: string | null;
  readonly roles: readonly string[];
}

export const NOBODY: User = { name: null, roles: [] };
const ADMIN_ROLE = '_admin';
export const isServerAdmin = (user: User): boolean => user.roles.includes(ADMIN_ROLE);

/** The user behind an Authorization header; nobody without one. Throws `credentials` when they are wrong. */
export type Authenticate = (authorization: string | undefined) => Promise<User>;

const USER_ID_PREFIX = 'org.couchdb.user:';
const ITERATIONS = 100_000;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Credentials that were found right, so that not each request costs a derivation. */
const MAX_VERIFIED = 256;

const ROLE = v.pipe(v.string(), v.regex(/^[^_]/));
const USER = v.looseObject({
  _id: v.string(),
  type: v.literal('user'),
  name: v.pipe(v.string(), v.regex(/^[^_:][^:]*$/)),
  roles: v.array(ROLE),
});
const HASHED_USER = v.looseObject({
  ...USER.entries,
  password_scheme: v.literal('pbkdf2'),
  pbkdf2_prf: v.literal('sha256'),
  iterations: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(ITERATIONS)),
  salt: v.string(),
  derived_key: v.string(),
});
type HashedUser = v.InferOutput<typeof HASHED_USER>;

const digest = (...texts: string[]): Buffer => createHash('sha256').update(JSON.stringify(texts)).digest();

const derive = async (password: string, salt: string, iterations: number): Promise<string> =>
  (await promisify(pbkdf2)(password, salt, iterations, KEY_BYTES, 'sha256')).toString('hex');

export function createAuthenticate(admin: Admin, usersDatabase: PouchDatabase): Authenticate {
  const adminDigest = digest(admin.username, admin.password);
  const verified = new LRUCache<string, true>({ max: MAX_VERIFIED });

  async function isPasswordOf(user: HashedUser, password: string): Promise<boolean> {
    // A new password is a new derived key: nothing here goes stale.
    const cacheKey = digest(user.derived_key, password).toString('hex');
    if (verified.has(cacheKey)) return true;
    const derived = Buffer.from(await derive(password, user.salt, user.iterations));
    const expected = Buffer.from(user.derived_key);
    if (derived.length !== expected.length || !timingSafeEqual(derived, expected)) return false;
    verified.set(cacheKey, true);
    return true;
  }

  return async (authorization) => {
    const credentials = parseBasic(authorization);
    if (credentials === null) return NOBODY;
    const { username, password } = credentials;
    if (timingSafeEqual(digest(username, password), adminDigest))
      return { name: username, roles: [ADMIN_ROLE] };
    const user = username === admin.username ? null : await readUser(usersDatabase, username);
    if (user === null || !(await isPasswordOf(user, password))) throw new Problem('credentials');
    return { name: username, roles: user.roles };
  };
}

/** Name and password of basic authentication (RFC 7617); null for any other kind, and for none. */
function parseBasic(authorization: string | undefined): { username: string; password: string } | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return null;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new Problem('credentials');
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

async function readUser(usersDatabase: PouchDatabase, username: string): Promise<HashedUser | null> {
  const document = await usersDatabase.get(USER_ID_PREFIX + username).catch((error: unknown) => {
    if ((error as { status?: unknown }).status === 404) return null;
    throw error;
  });
  const user = v.safeParse(HASHED_USER, document);
  return user.success ? user.output : null;
}

/** A document for `_users`, with its password, when it carries one, hashed. Throws `user-document` when it is none. */
export async function prepareUserDocument(
  document: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  if (document['_deleted'] === true) return document;
  const user = v.safeParse(USER, document);
  require('user-document', user.success && user.output._id === USER_ID_PREFIX + user.output.name);
  const { password, ...rest } = document;
  if (password === undefined || password === null) return rest;
  require('user-document', typeof password === 'string');
  const salt = randomBytes(SALT_BYTES).toString('hex');
  const derivedKey = await derive(password, salt, ITERATIONS);
  const hash = { password_scheme: 'pbkdf2', pbkdf2_prf: 'sha256', iterations: ITERATIONS };
  return { ...rest, ...hash, salt, derived_key: derivedKey };
}
