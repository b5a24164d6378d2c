// What a person demanded with `files fetch`, and how far it is.
import type { Wanted } from '../../core/fetch/wanted.js';
import type { BlobId } from '../../core/ids.js';
import type { Demand } from './blobs.js';
import type { Fetcher } from './fetcher.js';

export interface DemandStatus {
  readonly files: number;
  readonly stored: number;
  readonly storedBytes: number;
  /** Of those under way: what has come, and their whole size. */
  readonly activeBytes: number;
  readonly activeTotalBytes: number;
  readonly bytesPerSecond: number;
  /** Those that no peer that is here has, as far as these were asked. */
  readonly withoutSource: number;
  /** Those for which there is no room, by why. */
  readonly held: number;
  /** No document names these: they are not asked for. */
  readonly unknown: number;
  /** Some of those that are not here. */
  readonly examples: readonly BlobId[];
}

export interface Demands {
  add(demand: Demand): number;
  status(number: number): DemandStatus | null;
  onStored(id: BlobId, size: number): void;
}

interface Kept {
  readonly open: Set<BlobId>;
  readonly files: number;
  readonly unknown: number;
  stored: number;
  storedBytes: number;
}

/** Older ones are forgotten; the files come all the same. */
const MAX_DEMANDS = 64;
const EXAMPLES = 10;

export function createDemands({
  wanted,
  fetcher,
}: {
  readonly wanted: Wanted;
  readonly fetcher: Fetcher;
}): Demands {
  const demands = new Map<number, Kept>();
  let count = 0;

  function idsOf(demand: Demand): BlobId[] {
    if ('ids' in demand) return demand.ids.filter((id) => wanted.get(id) !== null);
    return [...wanted.list()]
      .filter(({ databases }) => 'all' in demand || databases.has(demand.database))
      .map(({ id }) => id);
  }

  return {
    add(demand) {
      const ids = idsOf(demand);
      const unknown = 'ids' in demand ? demand.ids.length - ids.length : 0;
      count += 1;
      demands.set(count, { open: new Set(ids), files: ids.length, unknown, stored: 0, storedBytes: 0 });
      const [oldest] = demands.keys();
      if (demands.size > MAX_DEMANDS && oldest !== undefined) demands.delete(oldest);
      for (const id of ids) {
        wanted.demand(id);
        fetcher.consider(id);
      }
      return count;
    },
    status(number) {
      const kept = demands.get(number);
      return kept === undefined ? null : describe(kept, fetcher);
    },
    onStored(id, size) {
      for (const kept of demands.values()) {
        if (!kept.open.delete(id)) continue;
        kept.stored += 1;
        kept.storedBytes += size;
      }
    },
  };
}

function describe({ open, files, stored, storedBytes, unknown }: Kept, fetcher: Fetcher): DemandStatus {
  const active = fetcher.active().filter(({ id }) => open.has(id));
  const rest = [...open];
  return {
    ...{ files, stored, storedBytes, unknown },
    activeBytes: active.reduce((sum, { bytes }) => sum + bytes, 0),
    activeTotalBytes: active.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
    bytesPerSecond: fetcher.rates.bytesPerSecond(),
    withoutSource: rest.filter((id) => !fetcher.hasSource(id)).length,
    held: rest.filter((id) => fetcher.held().has(id)).length,
    examples: rest.slice(0, EXAMPLES),
  };
}
