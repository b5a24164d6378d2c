// The env for the gateway, out of what the agent holds. Pure: the launcher sends it, the configuration is checked by it.
import type * as v from 'valibot';
import type { COUCHDB } from '../../core/env/shape.js';
import type { Identity } from '../home/identity.js';
import type { StreamAccess } from '../home/stream-access.js';
import type { Policy, Settings } from './settings.js';

export type Credentials = v.InferOutput<typeof COUCHDB>['credentials'];

export interface EnvParts {
  readonly identity: Identity;
  readonly settings: Settings;
  readonly couchUrl: string;
  readonly credentials: Credentials;
  readonly streams: StreamAccess;
  /** Null where it is not known what exists. */
  readonly databases: readonly string[] | null;
}

const VERSION = 1;

/** In the form of docs/protocol-control.md. A role whose credentials are not there yet is left without databases. */
export function createGatewayEnv(parts: EnvParts) {
  const { identity, settings } = parts;
  return {
    version: VERSION,
    identity: {
      userId: identity.userId,
      deviceId: identity.deviceId,
      name: settings.name,
      cert: identity.certPem,
      key: identity.keyPem,
    },
    trust: { ...settings.trust, cas: { ...settings.trust.cas, user: identity.caPem } },
    listen: settings.listen,
    couchdb: createCouchdb(parts),
    files: { stores: settings.stores },
    policy: withoutUnusable(settings.policy, parts.credentials),
    discovery: settings.discovery,
    peerStreams: { ...settings.peerStreams, ...parts.streams },
    ...(settings.limits !== null && { limits: settings.limits }),
  };
}

/** The part of the env that changes while the gateway runs. */
export function createCouchdb({ settings, couchUrl, credentials, databases }: EnvParts) {
  return {
    ...settings.couchdb?.tls,
    url: couchUrl,
    credentials,
    ...(databases !== null && { databases }),
  };
}

/** Such a role keeps the files that need no asking in a database: less is granted, never more. */
export function withoutUnusable(policy: Policy, credentials: Credentials): Policy {
  const roles = Object.entries(policy.roles).map(([name, role]) => {
    if (role.credentials === undefined || Object.hasOwn(credentials, role.credentials)) return [name, role];
    return [name, { databases: [], files: typeof role.files === 'string' ? role.files : 'none' }];
  });
  return { ...policy, roles: Object.fromEntries(roles) as Policy['roles'] };
}
