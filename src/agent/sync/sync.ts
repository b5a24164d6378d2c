// Everything that makes this device the same as its peers: who is there, what is pulled from them, which files come.
// Only puts the parts together; acts on this device's own policy, and asks for it anew each time.
import { createCouchClient } from '../../adapters/couch-client/couch-client.js';
import { createPeerClient } from '../../adapters/peer-streams/peer-client.js';
import { parseDeviceId, type DeviceId } from '../../core/ids.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import { grantOf, type Policy } from '../../core/policy/policy.js';
import { foreignRoles, ownRoles, roleOf } from '../../core/policy/role-of.js';
import { createBlobs, type Blobs, type BlobsEvent } from '../blobs/blobs.js';
import type { FetchPeer } from '../blobs/sources.js';
import type { Settings } from '../config/settings.js';
import { makeDatabase } from '../databases/make-database.js';
import type { Membership } from '../directory/membership.js';
import type { StreamAccess } from '../home/stream-access.js';
import { openReplicationMemory, type ReplicationMemory } from '../replication/memory.js';
import { createPeerWatch, type WatchedPeer } from '../replication/peer-watch.js';
import { createReplication, type Replication, type ReplicationEvent } from '../replication/replication.js';
import { createStepper } from '../replication/stepper.js';
import type { Service } from '../up/service.js';
import type { UpContext } from '../up/context.js';
import type { Upstream } from '../upstream/upstream.js';
import { choosePuller } from './choose-puller.js';

export type SyncEvent = ReplicationEvent | BlobsEvent;

export interface Sync {
  readonly replication: Replication;
  readonly memory: ReplicationMemory;
  readonly blobs: Blobs;
  peers(): readonly WatchedPeer[];
  /** Looks now for files that documents name; resolves when all were found. */
  lookForFiles(): Promise<void>;
  close(): Promise<void>;
}

export interface SyncOptions {
  readonly context: Pick<UpContext, 'paths' | 'settings' | 'report'>;
  readonly membership: Pick<Membership, 'identity' | 'view'>;
  readonly upstream: Upstream;
  readonly service: Service;
  readonly streams: StreamAccess;
}

const LOOK_MS = 1000;
/** Databases in which nothing was written by a pull are looked into less often. */
const QUIET_LOOKS = 10;

export async function startSync(options: SyncOptions): Promise<Sync> {
  const { context, membership, upstream, service, streams } = options;
  const { paths, settings, report } = context;
  const memory = await openReplicationMemory(paths.replication);
  const client = createPeerClient({ port: streams.port, token: streams.tokens.replicator });
  const { policy } = service;
  const watch = createPeerWatch({
    client,
    ownId: () => membership.identity().deviceId,
    known: () => knownDevices(settings, membership, policy()),
    isWanted: (database) => isPulled(policy(), database),
    onChange: refresh,
  });
  const blobs = createBlobs({
    ...{ client, stores: settings.stores, rules: settings.fetch, policy },
    reader: () => readerOf(service, upstream),
    onEvent: report.sync,
    nowMs: () => performance.now(),
  });
  const replication = createReplication({
    puller: choosePuller(upstream, { streams, client, credentials: service.credentials, salt: memory.salt }),
    memory,
    ...{ policy, peers: () => watch.list(), databases: service.databases, isRevoked: service.isRevoked },
    makeDatabase: upstream.admin === null ? null : (name) => makeDatabase(name, upstream, service.targets()),
    onEvent(event) {
      if (event.event === 'pull-failed') watch.doubt(event.deviceId, event.database);
      report.sync(event);
    },
  });
  function refresh(): void {
    replication.refresh();
    blobs.setPeers(fetchPeers(watch.list(), policy(), service.isRevoked));
  }
  service.observe({ onEvent: (event) => watch.note(event), onChange: refresh });
  const looking = lookForBlobs(replication, blobs, () => pulledDatabases(service));
  refresh();

  return {
    replication,
    memory,
    blobs,
    peers: () => watch.list(),
    lookForFiles: () => blobs.look(pulledDatabases(service)),
    async close() {
      await watch.close();
      await replication.close();
      await looking.close();
      await blobs.close();
      client.close();
    },
  };
}

/** Those that something names: the directory, the policy, the configuration. */
function knownDevices(
  { discovery, peerStreams }: Settings,
  { view }: Pick<Membership, 'view'>,
  { principals }: Policy,
): Set<DeviceId> {
  const named = principals.flatMap((entry) => (entry.kind === 'issuer' ? (entry.device ?? []) : []));
  const texts = [...discovery.known, ...Object.keys(peerStreams.addresses)].map(parseDeviceId);
  return new Set([...view().known, ...named, ...texts.filter((id) => id !== null)]);
}

/** With the limited credential of own devices. */
function readerOf({ policy, credentials }: Service, { url }: Upstream) {
  const name = ownRoles(policy())[0]?.credential ?? null;
  const all = credentials();
  const credential = name !== null && Object.hasOwn(all, name) ? all[name] : undefined;
  return credential !== undefined && 'basic' in credential ? createCouchClient(url, credential.basic) : null;
}

const fetchPeers = (
  peers: readonly WatchedPeer[],
  policy: Policy,
  isRevoked: (leaf: KnownLeaf) => boolean,
): FetchPeer[] =>
  peers.flatMap(({ deviceId, leaf, isHere }) => {
    const role = leaf === null || isRevoked(leaf) ? null : roleOf(policy, leaf);
    return isHere && role !== null ? [{ deviceId, role }] : [];
  });

/** Those into which peers may write, by this device's own policy. */
const pulledDatabases = ({ databases, policy }: Service): string[] =>
  (databases() ?? []).filter((name) => isPulled(policy(), name));

const isPulled = (policy: Policy, database: string): boolean =>
  [...ownRoles(policy), ...foreignRoles(policy)].some((role) => grantOf(role, database)?.access === 'write');

function lookForBlobs(replication: Replication, blobs: Blobs, databases: () => readonly string[]) {
  const written = new Map<string, number>();
  let looks = 0;
  const isDue = (database: string): boolean => {
    const pulls = replication.list().filter(({ job }) => job.database === database);
    const now = pulls.reduce((sum, { progress }) => sum + progress.written, 0);
    const isChanged = written.get(database) !== now;
    written.set(database, now);
    return isChanged || looks % QUIET_LOOKS === 0;
  };
  const stepper = createStepper(async () => {
    const due = databases().filter(isDue);
    looks += 1;
    await blobs.look(due);
  });
  const timer = setInterval(() => stepper.step(), LOOK_MS);
  return {
    async close(): Promise<void> {
      clearInterval(timer);
      await stepper.close();
    },
  };
}
