// Files of pulled databases: what documents name and is not here is wanted, and fetched by the rules of the configuration,
// or because a person demands it.
import { createStores } from '../../adapters/files/stores.js';
import { partialBytes } from '../../adapters/files/partial-blob.js';
import type { CouchClient } from '../../adapters/couch-client/couch-client.js';
import type { PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { classOf, type FetchRules } from '../../core/fetch/rules.js';
import { createWanted } from '../../core/fetch/wanted.js';
import type { BlobId } from '../../core/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import { createDemands, type DemandStatus } from './demands.js';
import { createFetcher, type ActiveBlob, type FetchEvent } from './fetcher.js';
import { createNamedBlobs, type ConflictedDocument } from './named-blobs.js';
import type { FetchPeer } from './sources.js';

export type BlobsEvent = FetchEvent | ({ readonly event: 'many-leaves' } & ConflictedDocument);

export interface BlobsContext {
  readonly client: PeerClient;
  readonly stores: readonly string[];
  readonly rules: FetchRules;
  readonly policy: () => Policy;
  readonly reader: () => CouchClient | null;
  readonly onEvent: (event: BlobsEvent) => void;
  readonly nowMs: () => number;
}

export interface BlobsStatus {
  /** Named by documents, and not here. */
  readonly missing: number;
  /** Of these, what no peer that is here has. */
  readonly withoutSource: number;
  readonly active: readonly ActiveBlob[];
  readonly held: Readonly<Record<string, number>>;
  readonly bytesPerSecond: number;
  /** Since the start. */
  readonly fetchedFiles: number;
  readonly fetchedBytes: number;
  readonly droppedSources: readonly string[];
  readonly conflicted: readonly ConflictedDocument[];
}

/** What is demanded: these, all that a database names, or all. */
export type Demand =
  { readonly ids: readonly BlobId[] } | { readonly database: string } | { readonly all: true };

export interface Blobs {
  setPeers(peers: readonly FetchPeer[]): void;
  /** Looks into these databases for what documents name. */
  look(databases: readonly string[]): Promise<void>;
  demand(demand: Demand): number;
  /** Null for a number that was never given, or long ago. */
  demandStatus(number: number): DemandStatus | null;
  status(): BlobsStatus;
  close(): Promise<void>;
}

const SHOWN_CONFLICTED = 20;
const QUOTA_CACHE_MS = 2000;

export function createBlobs(context: BlobsContext): Blobs {
  const { stores: parents, rules, policy, onEvent, nowMs } = context;
  const stores = createStores(parents);
  const wanted = createWanted();
  const present = createWanted();
  const sizes = new Map<BlobId, number>();
  let fetched = { files: 0, bytes: 0 };
  let quota = { at: -Infinity, bytes: 0 };

  function quotaUsedBytes(): number {
    if (nowMs() - quota.at < QUOTA_CACHE_MS) return quota.bytes;
    let bytes = 0;
    for (const blob of present.list())
      if (classOf(blob, rules, policy()) === 'quota') bytes += sizes.get(blob.id) ?? 0;
    quota = { at: nowMs(), bytes };
    return bytes;
  }

  function keep(id: BlobId, size: number, databases: Iterable<string>): void {
    for (const database of databases) if (present.add(id, database)) sizes.set(id, size);
    quota = { ...quota, at: -Infinity };
  }

  const fetcher = createFetcher({
    ...context,
    ...{ wanted, quotaUsedBytes },
    onStored(id, size, databases) {
      fetched = { files: fetched.files + 1, bytes: fetched.bytes + size };
      keep(id, size, databases);
      demands.onStored(id, size);
    },
  });
  const demands = createDemands({ wanted, fetcher });

  async function onNamed(id: BlobId, database: string): Promise<void> {
    const blob = await stores.open(id);
    if (blob !== null) {
      await blob.close();
      keep(id, blob.size, [database]);
      return;
    }
    if (!wanted.add(id, database)) return;
    // It was demanded before this process began, or was to come anyway.
    for (const parent of parents) if ((await partialBytes(parent, id)) !== null) wanted.demand(id);
    fetcher.consider(id);
  }

  const named = createNamedBlobs({
    client: context.reader,
    onNamed,
    onGone(id, database) {
      wanted.unname(id, database);
      present.unname(id, database);
    },
    onConflicted: (document) => onEvent({ event: 'many-leaves', ...document }),
  });

  return {
    setPeers: (peers) => fetcher.setPeers(peers),
    look: (databases) => named.look(databases),
    demand: (demand) => demands.add(demand),
    demandStatus: (number) => demands.status(number),
    status() {
      const all = [...wanted.list()];
      return {
        missing: all.length,
        withoutSource: all.filter(({ id }) => !fetcher.hasSource(id)).length,
        active: fetcher.active(),
        held: countHolds(fetcher.held().values()),
        bytesPerSecond: fetcher.rates.bytesPerSecond(),
        fetchedFiles: fetched.files,
        fetchedBytes: fetched.bytes,
        droppedSources: [...fetcher.dropped],
        conflicted: named.conflicted().slice(0, SHOWN_CONFLICTED),
      };
    },
    close: () => fetcher.close(),
  };
}

function countHolds(holds: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const hold of holds) counts[hold] = (counts[hold] ?? 0) + 1;
  return counts;
}
