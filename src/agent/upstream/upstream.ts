// The CouchDB of this device: the one that the configuration names, or the embedded server as a child.
import {
  createCouchClient,
  type CouchClient,
  type CouchLogin,
} from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Settings } from '../config/settings.js';
import type { EmbeddedCouchEvent } from '../embedded-couch/embedded-couch.js';
import { readCredentials } from '../home/credentials.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { listDatabases } from '../provision/follow.js';
import { openEmbedded } from './embedded.js';

export interface Upstream {
  readonly kind: 'embedded' | 'configured';
  readonly url: string;
  readonly credentials: Credentials;
  /** Null where nobody is known who may list them, or CouchDB is away. */
  readonly databases: readonly string[] | null;
  /** Null where the configuration has no administrator. */
  readonly admin: { readonly client: CouchClient; readonly login: CouchLogin } | null;
  close(): Promise<void>;
}

export interface UpstreamContext {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly identity: Identity;
  /** From the environment; stands over the configuration's. */
  readonly adminLogin: CouchLogin | null;
  readonly onEmbedded: (event: EmbeddedCouchEvent) => void;
}

export const openUpstream = (context: UpstreamContext): Promise<Upstream> =>
  context.settings.couchdb === null
    ? openEmbedded(context)
    : openConfigured(context, context.settings.couchdb);

/** Does not wait for a CouchDB that is away. */
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
    databases: client === null ? null : await listDatabases(client).catch(() => null),
    admin: client === null || login === null ? null : { client, login },
    close: () => Promise.resolve(),
  };
}
