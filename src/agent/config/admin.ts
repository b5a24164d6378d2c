// The administrator of CouchDB, where the environment names one.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';

export const ADMIN_VARIABLES = ['PATCHCORD_COUCHDB_ADMIN', 'PATCHCORD_COUCHDB_PASSWORD'] as const;

/** Null unless both are set. */
export function adminFromEnv(env: NodeJS.ProcessEnv): CouchLogin | null {
  const [username, password] = ADMIN_VARIABLES.map((name) => env[name] ?? '');
  return username && password ? { username, password } : null;
}
