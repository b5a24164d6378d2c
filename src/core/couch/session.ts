// What a credential must be before the gateway uses it: exactly who it should be, and no administrator of anything.
import type { Credential } from '../env/couchdb.js';
import { isObject } from '../env/env.js';

/** `server-admin` in an env is fatal: such a credential must never be in reach of a peer. */
export type CredentialState = 'passed' | 'server-admin' | 'wrong-user' | 'refused' | 'unreachable';

type Json = Readonly<Record<string, unknown>> | null;

const ADMIN_ROLE = '_admin';
const INTERNAL_ERROR = 500;

export interface Session {
  readonly name: string | null;
  readonly roles: readonly string[];
}

/** The user context of a `GET /_session` answer (CouchDB API reference, 1.3.4); null where it has none. */
export function parseSession(body: Json): Session | null {
  const context = body?.['userCtx'];
  if (!isObject(context)) return null;
  const { name, roles } = context;
  if ((name !== null && typeof name !== 'string') || !isTexts(roles)) return null;
  return { name, roles };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Judges who a credential turned out to be. An answer that cannot be read is a refusal. */
export function judgeSession(
  credential: Credential,
  status: number,
  session: Session | null,
): CredentialState {
  // It is there, and not ready to say: CouchDB starts up so.
  if (status >= INTERNAL_ERROR) return 'unreachable';
  if (status !== 200 || session === null) return 'refused';
  if (session.roles.includes(ADMIN_ROLE)) return 'server-admin';
  return session.name === expectedName(credential) ? 'passed' : 'wrong-user';
}

/** The user that a credential is for: null is nobody, and undefined nobody that could ever answer. */
function expectedName(credential: Credential): string | null | undefined {
  if (credential.kind === 'none') return null;
  if (credential.kind === 'basic') return credential.username;
  return subjectOf(credential.token);
}

/** The `sub` of a JWT (RFC 7519 section 4.1.2). Only the upstream can say whether the token is good. */
function subjectOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isObject(claims) && typeof claims['sub'] === 'string' ? claims['sub'] : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `security` (of `GET /{db}/_security`) makes this user an administrator of the database. */
export function isDatabaseAdmin(session: Session, security: Json): boolean {
  const admins = security?.['admins'];
  if (!isObject(admins)) return false;
  const names = isTexts(admins['names']) ? admins['names'] : [];
  const roles = isTexts(admins['roles']) ? admins['roles'] : [];
  return (
    (session.name !== null && names.includes(session.name)) ||
    session.roles.some((role) => roles.includes(role))
  );
}
