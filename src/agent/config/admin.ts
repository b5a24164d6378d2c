// The administrator of CouchDB, where the environment names one.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';

export const ADMIN_VARIABLES = ['PATCHCORD_COUCHDB_ADMIN', 'PATCHCORD_COUCHDB_PASSWORD'] as const;

/** What is missing without one, and what to do. */
export const NO_ADMIN = {
  code: 'no-couchdb-admin',
  text: 'no administrator of CouchDB is known: nothing is pulled from other devices',
  todo: `start \`patchcord up\` with ${ADMIN_VARIABLES.join(' and ')} set, or with couchdb.admin in the configuration`,
} as const;

/** Null unless both are set. */
export function adminFromEnv(env: NodeJS.ProcessEnv): CouchLogin | null {
  const [username, password] = ADMIN_VARIABLES.map((name) => env[name] ?? '');
  return username && password ? { username, password } : null;
}
