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
/** A job that was begun just now may not be on the list yet. */
const MISSES = 2;

interface Running {
  readonly job: PullJob;
  progress: PullProgress;
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
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    if (running.size === 0) return;
    // A server that is away has no jobs when it is back: then they are found missing.
    const jobs = await admin.replicatorJobs().catch(() => null);
    const found = new Map(jobs?.map((job) => [job.id, job]));
    if (jobs === null) return;
    for (const [id, one] of running) lookAt(one, found.get(id));
    const asked = [...running].map(([id, one]) => askPending(one, found.get(id)));
    await Promise.all(asked);
  }

  /** CouchDB itself finds that out every half a minute. */
  async function askPending(one: Running, found: ReplicatorJob | undefined): Promise<void> {
    if (found === undefined || (one.askedAt === found.throughSeq && one.progress.pending === 0)) return;
    const { deviceId: device, database, design } = one.job;
    const selector = design ? null : REPLICATION_SELECTOR;
    const asked = { device, database, since: found.throughSeq, selector };
    const pending = await client.pending(asked, closing.signal).catch(() => null);
    one.askedAt = found.throughSeq;
    one.progress = { ...one.progress, pending, isCurrent: pending === 0 };
  }
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);

  return {
    kind: 'couchdb',
    async start(job) {
      const id = await admin.replicate(endsOf(job, context));
      return follow(id, job, running, admin);
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

function follow(id: string, job: PullJob, running: Map<string, Running>, admin: CouchClient): Pull {
  let end: Running['end'] = () => undefined;
  const ended = new Promise<string | null>((resolve) => (end = resolve));
  const one: Running = { job, progress: NO_PROGRESS, askedAt: null, misses: 0, end };
  running.set(id, one);
  return {
    get progress() {
      return one.progress;
    },
    ended: ended.finally(() => running.delete(id)),
    async cancel() {
      await admin.cancelReplication(id).catch(ignoreAway);
      end(null);
      await ended;
    },
  };
}

/** A server that is away runs nothing. */
function ignoreAway(error: unknown): void {
  if (!(error instanceof CouchError)) throw error;
}

function lookAt(one: Running, job: ReplicatorJob | undefined): void {
  one.misses = job === undefined ? one.misses + 1 : 0;
  if (one.misses >= MISSES) one.end('CouchDB runs it no more');
  if (job === undefined) return;
  const { read, written, failed, throughSeq, crash } = job;
  // What is here already is told anew when the job has moved on.
  const isSame = one.askedAt === throughSeq && one.progress.pending === 0;
  one.progress = { read, written, failed, pending: isSame ? 0 : one.progress.pending, isCurrent: isSame };
  if (crash !== null) one.end(crash);
}
