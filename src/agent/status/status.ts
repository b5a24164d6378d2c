// How a running `up` is, as a fact: asked over the agent's socket, and made into one screen by `status-text.ts`.
import { createCouchClient, CouchError, SOON_MS } from '../../adapters/couch-client/couch-client.js';
import { createStores, type StoreStatus } from '../../adapters/files/stores.js';
import { NO_ADMIN } from '../config/admin.js';
import type { OpenRequest } from '../directory/methods.js';
import { withNames, type Named, type NameOf } from '../directory/names.js';
import type { Settings } from '../config/settings.js';
import type { SeenListener } from '../gateway-events.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { placeOf, type StreamsPlace } from '../home/stream-access.js';
import type { SyncStatus } from '../sync/describe.js';
import type { Upstream } from '../upstream/upstream.js';
import type { Target } from '../provision/targets.js';
import { parseGatewayStatus, type GatewayStatus } from './gateway-status.js';
import type { Recent, RecentRefusal, RecentWarning } from './recent.js';

export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly since: string;
  readonly identity: {
    readonly userId: string;
    readonly deviceId: string;
    readonly name: string;
    readonly notAfter: string;
  };
  readonly listenOn: Settings['listen']['on'];
  readonly listeners: readonly SeenListener[];
  readonly confinedBy: readonly string[];
  readonly couchdb: {
    readonly kind: Upstream['kind'];
    readonly url: string;
    /** Null where it does not answer. */
    readonly version: string | null;
    /** By name, whether the gateway found it good; `missing` for one that is not there. */
    readonly credentials: Readonly<Record<string, string>>;
    readonly databases: readonly string[] | null;
  };
  readonly stores: readonly StoreStatus[];
  readonly connections: readonly Named<GatewayStatus['connections'][number]>[];
  /** What is seen on the links; null before the gateway answers. */
  readonly discovery: Seen | null;
  /** Where local programs reach peers, and the file with their tokens; null where they cannot. */
  readonly peerStreams: StreamsPlace | null;
  /** Those that local programs have asked for. */
  readonly peers: readonly Named<GatewayStatus['peers'][number]>[];
  /** What is pulled from peers, and which files come. */
  readonly sync: SyncStatus;
  /** What devices without the user CA key ask of one that has it. */
  readonly requests: readonly OpenRequest[];
  /** How often, by rule, since the start. */
  readonly denied: Readonly<Record<string, number>>;
  readonly refusals: readonly RecentRefusal[];
  readonly warnings: readonly RecentWarning[];
}

type Discovery = GatewayStatus['discovery'];
/** Of devices that the directory names, with the name. */
type Seen = Omit<Discovery, 'peers'> & { readonly peers: readonly Named<Discovery['peers'][number]>[] };

export interface StatusSources {
  readonly version: string;
  readonly startedAt: Date;
  readonly settings: Settings;
  readonly identity: Identity;
  /** Of this device. */
  readonly name: string;
  readonly upstream: Pick<Upstream, 'kind' | 'url' | 'admin'>;
  /** This device itself, as far as it has learned. */
  readonly isRevoked: boolean;
  readonly targets: readonly Target[];
  readonly databases: readonly string[] | null;
  readonly gatewayStatus: () => Promise<unknown>;
  readonly paths: Paths;
  readonly recent: Recent;
  readonly sync: SyncStatus;
  readonly requests: AgentStatus['requests'];
  readonly nameOf: NameOf;
}

export async function readStatus(sources: StatusSources): Promise<AgentStatus> {
  const { settings, identity, upstream, recent, nameOf } = sources;
  const gateway = parseGatewayStatus(await sources.gatewayStatus());
  const missing = sources.targets.map(({ credential }) => [credential, 'missing'] as const);
  return {
    version: sources.version,
    pid: process.pid,
    since: sources.startedAt.toISOString(),
    identity: {
      userId: identity.userId,
      deviceId: identity.deviceId,
      name: sources.name,
      notAfter: identity.notAfter.toISOString(),
    },
    listenOn: settings.listen.on,
    listeners: gateway?.listeners ?? [],
    confinedBy: gateway?.confinedBy ?? [],
    couchdb: {
      kind: upstream.kind,
      url: upstream.url,
      version: await versionOf(upstream.url),
      credentials: { ...Object.fromEntries(missing), ...gateway?.upstream?.credentials },
      databases: sources.databases,
    },
    stores: await createStores(settings.stores).status(),
    connections: (gateway?.connections ?? []).map((one) => ({
      ...one,
      name: nameOf(one.principal.deviceId),
    })),
    discovery: gateway === null ? null : withSeenNames(gateway.discovery, nameOf),
    peerStreams: placeOf(gateway?.peerStreams?.port ?? null, sources.paths),
    peers: withNames(gateway?.peers ?? [], nameOf),
    denied: gateway?.denied ?? {},
    refusals: recent.refusals,
    warnings: [...recent.warnings, ...lasting(sources)],
    sync: sources.sync,
    requests: sources.requests,
  };
}

const withSeenNames = (discovery: Discovery, nameOf: NameOf): Seen => ({
  ...discovery,
  peers: withNames(discovery.peers, nameOf),
});

/** What does not work for as long as it runs. */
function lasting({ upstream, startedAt, isRevoked }: StatusSources): RecentWarning[] {
  const time = startedAt.toISOString();
  const noAdmin = { time, code: NO_ADMIN.code, text: `${NO_ADMIN.text}; ${NO_ADMIN.todo}` };
  const revoked = {
    time,
    code: 'revoked',
    text: 'this device was revoked: no device of its user lets it in',
  };
  return [...(upstream.admin === null ? [noAdmin] : []), ...(isRevoked ? [revoked] : [])];
}

const HIDDEN = 'hidden';

async function versionOf(url: string): Promise<string | null> {
  try {
    return (await createCouchClient(url, null, SOON_MS).info()).version;
  } catch (error) {
    // It may want a login even for its version.
    return error instanceof CouchError && error.status !== null ? HIDDEN : null;
  }
}
