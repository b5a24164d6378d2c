// Pulls with the upstream's own replicator: transient jobs, looked after every few seconds, since one that was cut hangs,
// and one that is gone says nothing.
import { setMaxListeners } from 'node:events';
import {
  CouchError,
  type CouchClient,
  type ReplicatorJob,
} from '../../adapters/couch-client/couch-client.js';
import type { PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { REPLICATION_SELECTOR } from '../../core/couch/changes.js';
import type { PullJob } from '../../core/replication/jobs.js';
import { endsOf, sourceBase, type EndsContext } from './ends.js';
import { NO_PROGRESS, type Pull, type Puller, type PullProgress } from './puller.js';

export interface CouchPullerContext extends EndsContext {
  readonly admin: CouchClient;
  readonly client: Pick<PeerClient, 'pending'>;
}

const LOOK_MS = 2000;
/** A job that was begun just now may not be on the list yet, and one answer that does not come is no outage. */
const MISSES = 2;
const AWAY = 'CouchDB does not answer';
const GONE = 'CouchDB runs it no more';

interface Running {
  readonly job: PullJob;
  progress: PullProgress;
  /** All up to there is here. */
  through: string;
  /** Up to where what is still to come was asked. */
  askedAt: string | null;
  misses: number;
  end(reason: string | null): void;
}

export function createCouchPuller(context: CouchPullerContext): Puller {
  const { admin, client } = context;
  const closing = new AbortController();
  // All jobs are asked about at the same time.
  setMaxListeners(0, closing.signal);
  const running = new Map<string, Running>();
  /** What could not be cancelled while CouchDB was away. It may run on; or hang, and then posting it anew does nothing. */
  const left = new Set<string>();
  /** Of jobs that ended: how far they were, until they say it themselves. */
  const reached = new Map<string, string>();
  let looking: Promise<void> | null = null;
  let cancelling: Promise<void> | null = null;

  async function look(): Promise<void> {
    if (running.size === 0 && left.size === 0) return;
    const jobs = await admin.replicatorJobs().catch(() => null);
    if (jobs !== null) await cancelLeft();
    const found = new Map(jobs?.map((job) => [job.id, job]));
    for (const [id, one] of running) lookAt(one, found.get(id), jobs === null ? AWAY : GONE);
    const there = [...running].filter(([id]) => found.has(id));
    await Promise.all(there.map(([, one]) => askPending(one)));
  }

  /** Once for all who ask; what cannot be cancelled stays. */
  const cancelLeft = (): Promise<void> => (cancelling ??= cancelEach().finally(() => (cancelling = null)));
  async function cancelEach(): Promise<void> {
    for (const id of left) {
      try {
        await admin.cancelReplication(id);
        left.delete(id);
      } catch (error) {
        // It is away, for the others too.
        if (!(error instanceof CouchError) || error.status === null) return;
      }
    }
  }

  /** CouchDB itself finds that out every half a minute. */
  async function askPending(one: Running): Promise<void> {
    const { through: since } = one;
    if (one.askedAt === since && one.progress.pending === 0) return;
    const { deviceId: device, database, design } = one.job;
    const selector = design ? null : REPLICATION_SELECTOR;
    const pending = await client
      .pending({ device, database, since, selector }, closing.signal)
      .catch(() => null);
    one.askedAt = since;
    one.progress = { ...one.progress, pending, isCurrent: pending === 0 };
  }
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = null));
  }, LOOK_MS);

  return {
    kind: 'couchdb',
    async start(job) {
      await cancelLeft();
      const id = await admin.replicate(endsOf(job, context));
      if (left.has(id)) throw new CouchError(null, 'it does not cancel an earlier job for the same');
      return follow(id, job, { running, left, reached, admin });
    },
    async sweep() {
      const base = sourceBase(context.streams);
      const jobs = await admin.replicatorJobs();
      for (const { id, source } of jobs) if (source.startsWith(base)) await admin.cancelReplication(id);
    },
    async close() {
      clearInterval(timer);
      closing.abort();
      await looking;
    },
  };
}

interface Following {
  readonly running: Map<string, Running>;
  readonly left: Set<string>;
  readonly reached: Map<string, string>;
  readonly admin: CouchClient;
}

function follow(id: string, job: PullJob, { running, left, reached, admin }: Following): Pull {
  let end: Running['end'] = () => undefined;
  const ended = new Promise<string | null>((resolve) => (end = resolve));
  const through = reached.get(id) ?? '0';
  const one: Running = { job, progress: NO_PROGRESS, through, askedAt: null, misses: 0, end };
  running.set(id, one);
  return {
    get progress() {
      return one.progress;
    },
    ended: ended.finally(() => {
      running.delete(id);
      reached.set(id, one.through);
    }),
    async cancel() {
      await admin.cancelReplication(id).catch((error: unknown) => {
        if (!(error instanceof CouchError)) throw error;
        left.add(id);
      });
      end(null);
      await ended;
    },
  };
}

/** `missing`: why there is none. */
function lookAt(one: Running, job: ReplicatorJob | undefined, missing: string): void {
  one.misses = job === undefined ? one.misses + 1 : 0;
  if (one.misses >= MISSES) one.end(missing);
  if (job === undefined) return;
  const { read, written, failed, throughSeq, crash } = job;
  one.through = throughSeq ?? one.through;
  // What is here already is told anew when the job has moved on.
  const isSame = one.askedAt === one.through && one.progress.pending === 0;
  one.progress = { read, written, failed, pending: isSame ? 0 : one.progress.pending, isCurrent: isSame };
  if (crash !== null) one.end(crash);
}
