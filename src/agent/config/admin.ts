// The administrator of CouchDB, where the environment names one.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';

export const ADMIN_VARIABLES = ['PATCHCORD_COUCHDB_ADMIN', 'PATCHCORD_COUCHDB_PASSWORD'] as const;

/** Null unless both are set. */
export function adminFromEnv(env: NodeJS.ProcessEnv): CouchLogin | null {
  const [username, password] = ADMIN_VARIABLES.map((name) => env[name] ?? '');
  return username && password ? { username, password } : null;
}

/**
 * Whether the agent can talk to this CouchDB: nano takes neither a CA of one's own nor the name in a certificate for
 * an address, so that a CouchDB elsewhere, which the gateway reaches by https, is administered on its own host.
 */
export const isReachableAsAdmin = (url: string): boolean => !url.startsWith('https:');
