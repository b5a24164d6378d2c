// What the rest of the agent gets of config.json, with the defaults filled in.
import type { Listen } from '../../core/env/env.js';
import type * as v from 'valibot';
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';
import type { LIMITS, POLICY } from '../../core/env/shape.js';
import type { FetchRules } from '../../core/fetch/rules.js';
import type { CONFIG } from './shape.js';

export type Policy = v.InferOutput<typeof POLICY>;
type Shape = v.InferOutput<typeof CONFIG>;

export interface Settings {
  readonly name: string;
  readonly listen: Listen;
  /** Null: the embedded server. */
  readonly couchdb: {
    readonly url: string;
    readonly tls: { readonly serverName?: string; readonly ca?: string };
    readonly admin: CouchLogin | null;
  } | null;
  /** Absolute parent folders of `.dmedia`. */
  readonly stores: readonly string[];
  readonly trust: Shape['trust'];
  readonly policy: Policy;
  readonly directory: string;
  readonly discovery: Shape['discovery'];
  readonly peerStreams: Shape['peerStreams'];
  readonly fetch: FetchRules;
  readonly limits: v.InferOutput<typeof LIMITS> | null;
}
