// What pulls one database from one peer, whichever replicator does it.
import type { PullJob } from '../../core/replication/jobs.js';

export interface PullProgress {
  /** Documents read and written since this job began, and those that could not be written. */
  readonly read: number;
  readonly written: number;
  readonly failed: number;
  /** Changes that are still to come; null where it is not known. */
  readonly pending: number | null;
  readonly isCurrent: boolean;
}

export interface Pull {
  readonly progress: PullProgress;
  /** Resolves with the reason when it ended by itself; with null when it was cancelled. */
  readonly ended: Promise<string | null>;
  /** Resolves when nothing of it runs any more; what is left are its checkpoints. */
  cancel(): Promise<void>;
}

export interface Puller {
  readonly kind: 'couchdb' | 'pouchdb';
  /** Rejects where it cannot be begun. */
  start(job: PullJob): Promise<Pull>;
  /** Ends what an earlier process left running. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export const NO_PROGRESS: PullProgress = { read: 0, written: 0, failed: 0, pending: null, isCurrent: false };
