// What an upstream is to the agent, whichever it is.
import type { CouchClient, CouchLogin } from '../../adapters/couch-client/couch-client.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Settings } from '../config/types.js';
import type { EmbeddedCouchEvent } from '../embedded-couch/embedded-couch.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';

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
