// What is pulled and fetched now, as a fact: for `patchcord status`, and for programs.
import type { BlobsStatus } from '../blobs/blobs.js';
import { withNames, type Named, type NameOf } from '../directory/names.js';
import type { PullState } from '../replication/pull-slot.js';
import type { Sync } from './sync.js';

export interface PullStatus {
  readonly deviceId: string;
  readonly database: string;
  readonly state: PullState | 'paused';
  /** Changes that are still to come; null where it is not known. */
  readonly pending: number | null;
  /** Documents since the start: written here, and those that could not be. */
  readonly done: number;
  readonly failed: number;
  /** Why the last run ended; null while nothing went wrong. */
  readonly reason: string | null;
}

export interface SyncStatus {
  /** Whose replicator pulls. */
  readonly replicator: 'couchdb' | 'pouchdb';
  readonly pulls: readonly Named<PullStatus>[];
  readonly files: BlobsStatus;
}

export function describeSync({ replication, blobs }: Sync, nameOf: NameOf): SyncStatus {
  const running = replication.list().map(({ job, state, progress, reason }) => ({
    deviceId: job.deviceId,
    database: job.database,
    state,
    pending: progress.pending,
    done: progress.written,
    failed: progress.failed,
    reason: state === 'current' || state === 'pulling' ? null : reason,
  }));
  const paused = replication.paused().map(({ deviceId, database }) => ({
    ...{ deviceId, database },
    ...{ state: 'paused' as const, pending: null, done: 0, failed: 0, reason: null },
  }));
  const pulls = withNames([...running, ...paused], nameOf);
  return { replicator: replication.kind, pulls, files: blobs.status() };
}
