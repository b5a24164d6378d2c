// Pulls with PouchDB's replicator in this process, where the upstream cannot reach this host's loopback.
import { startPouchReplication } from '../../adapters/replicator/pouch-replicator.js';
import { jobIdOf, type PullJob } from '../../core/replication/jobs.js';
import { endsOf, type EndsContext } from './ends.js';
import type { Pull, Puller } from './puller.js';

export interface PouchPullerContext extends EndsContext {
  /** Known to nobody else. */
  readonly salt: string;
}

/** CouchDB's own replicator takes as many documents at once. */
const BATCH = 500;
/** Where nothing came of so many, they may be more bytes than fit into one reply: a tenth is tried, and so on. */
const SHRINK = 10;

export function createPouchPuller(context: PouchPullerContext): Puller {
  const batches = new Map<string, number>();

  function start(job: PullJob): Pull {
    const { source, target, selector } = endsOf(job, context);
    const id = jobIdOf(job);
    const batch = batches.get(id) ?? BATCH;
    const replication = startPouchReplication({
      source: { ...source, name: `${job.deviceId}/${job.database}` },
      target: { ...target, name: context.salt },
      selector,
      isWanted: (name) => !name.startsWith('_') || (job.design && name.startsWith('_design/')),
      batch,
    });
    const ended = replication.ended.then((reason) => {
      const { read, isCurrent } = replication.progress;
      if (isCurrent || reason === null) batches.delete(id);
      else if (read === 0) batches.set(id, Math.max(1, Math.floor(batch / SHRINK)));
      return reason;
    });
    return {
      get progress() {
        return replication.progress;
      },
      ended,
      async cancel() {
        replication.cancel();
        await ended;
      },
    };
  }

  return {
    kind: 'pouchdb',
    start: (job) => new Promise((resolve) => resolve(start(job))),
    // They ended with their process.
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
