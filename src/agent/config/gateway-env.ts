// The env for the gateway, out of what the agent holds. Pure: the launcher sends it, the configuration is checked by it.
import type * as v from 'valibot';
import type { DirectoryView } from '../../core/directory/view.js';
import { MAX_KNOWN_DEVICES, type COUCHDB } from '../../core/env/shape.js';
import type { DeviceId } from '../../core/ids.js';
import type { Identity } from '../home/identity.js';
import type { StreamAccess } from '../home/stream-access.js';
import type { Policy, Settings } from './types.js';

export type Credentials = v.InferOutput<typeof COUCHDB>['credentials'];

export interface EnvParts {
  readonly identity: Identity;
  readonly settings: Settings;
  readonly couchUrl: string;
  readonly credentials: Credentials;
  readonly streams: StreamAccess;
  /** What the directory says. */
  readonly view: DirectoryView;
  /** Devices that this one denies by itself. */
  readonly denied: ReadonlySet<DeviceId>;
  /** Null where it is not known what exists. */
  readonly databases: readonly string[] | null;
}

const VERSION = 1;

/** In the form of docs/protocol-control.md. A role whose credentials are not there yet is left without databases. */
export function createGatewayEnv(parts: EnvParts) {
  const { identity, settings, view } = parts;
  return {
    version: VERSION,
    identity: {
      userId: identity.userId,
      deviceId: identity.deviceId,
      name: view.name ?? settings.name,
      cert: identity.certPem,
      key: identity.keyPem,
    },
    trust: createTrust(parts),
    listen: settings.listen,
    couchdb: createCouchdb(parts),
    files: { stores: settings.stores },
    policy: withoutUnusable(policyOf(settings, view), parts.credentials),
    discovery: { ...settings.discovery, known: knownOf(settings, view) },
    peerStreams: { ...settings.peerStreams, reconnect: reconnectOf(settings), ...parts.streams },
    ...(settings.limits !== null && { limits: settings.limits }),
  };
}

/** What changes while the gateway runs. */
export function createReload(parts: EnvParts) {
  const { identity, trust, couchdb, policy, discovery } = createGatewayEnv(parts);
  return { identity, trust, couchdb, policy, discovery };
}

const createTrust = ({ settings, identity, view, denied }: EnvParts) => ({
  cas: { ...view.cas, ...settings.trust.cas, user: identity.caPem },
  certs: settings.trust.certs,
  revoked: [...settings.trust.revoked, ...[...denied].map((id) => `device:${id}`)],
  revocations: view.revocations,
});

/** The policy in force: that of the configuration, and after it the shares of the directory. */
export const policyOf = ({ policy }: Pick<Settings, 'policy'>, view: DirectoryView): Policy => ({
  roles: { ...view.roles, ...policy.roles },
  principals: [...policy.principals, ...view.principals],
});

export const withoutEnded = (
  credentials: Credentials,
  { ended }: Pick<DirectoryView, 'ended'>,
): Credentials => Object.fromEntries(Object.entries(credentials).filter(([name]) => !ended.includes(name)));

/** As many as the gateway takes. */
const knownOf = ({ discovery }: Settings, { known }: DirectoryView): string[] =>
  [...new Set([...discovery.known, ...known])].slice(0, MAX_KNOWN_DEVICES);

function createCouchdb({ settings, couchUrl, credentials, databases }: EnvParts) {
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

/** What is pulled from a peer waits for it: it is dialled as soon as it can be, and not when somebody asks. */
const reconnectOf = ({ peerStreams }: Settings) => ({ mode: 'keep-up' as const, ...peerStreams.reconnect });
