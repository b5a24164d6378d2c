// Who reads and writes the directory's database: the administrator where there is one, else the limited credential of
// own devices.
import { createCouchClient, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Settings } from '../config/settings.js';
import { credentialFor } from '../files/database-access.js';
import type { Upstream } from '../upstream/upstream.js';

/** Null where nobody may. */
export function directoryClient(
  { policy, directory }: Pick<Settings, 'policy' | 'directory'>,
  { admin, url }: Pick<Upstream, 'admin' | 'url'>,
  credentials: Credentials,
): CouchClient | null {
  if (admin !== null) return admin.client;
  const name = credentialFor(policy, directory);
  const credential = name === null ? undefined : credentials[name];
  return credential !== undefined && 'basic' in credential ? createCouchClient(url, credential.basic) : null;
}
