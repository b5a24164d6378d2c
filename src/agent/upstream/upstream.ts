// The CouchDB of this device: the one that the configuration names, or the embedded server as a child.
import { createCouchClient, SOON_MS } from '../../adapters/couch-client/couch-client.js';
import type { Settings } from '../config/settings.js';
import { readCredentials } from '../home/credentials.js';
import { listDatabases } from '../provision/follow.js';
import { openEmbedded } from './embedded.js';
import type { Upstream, UpstreamContext } from './types.js';

export type { Upstream } from './types.js';

export const openUpstream = (context: UpstreamContext): Promise<Upstream> =>
  context.settings.couchdb === null
    ? openEmbedded(context)
    : openConfigured(context, context.settings.couchdb);

/** Does not wait for a CouchDB that is away, nor long for one that does not answer. */
async function openConfigured(
  { paths, adminLogin }: UpstreamContext,
  { url, admin }: NonNullable<Settings['couchdb']>,
): Promise<Upstream> {
  const login = adminLogin ?? admin;
  const client = login === null ? null : createCouchClient(url, login);
  const credentials = (await readCredentials(paths.credentials)) ?? {};
  return {
    kind: 'configured',
    url,
    credentials,
    databases:
      login === null ? null : await listDatabases(createCouchClient(url, login, SOON_MS)).catch(() => null),
    admin: client === null || login === null ? null : { client, login },
    close: () => Promise.resolve(),
  };
}
