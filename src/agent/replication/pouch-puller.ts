// Pulls with PouchDB's replicator in this process, where the upstream cannot reach this host's loopback.
import { startPouchReplication } from '../../adapters/replicator/pouch-replicator.js';
import { endsOf, type EndsContext } from './ends.js';
import type { Puller } from './puller.js';

export interface PouchPullerContext extends EndsContext {
  /** Known to nobody else. */
  readonly salt: string;
}

export function createPouchPuller(context: PouchPullerContext): Puller {
  return {
    kind: 'pouchdb',
    async start(job) {
      const { source, target, selector } = endsOf(job, context);
      const replication = await startPouchReplication({
        source: { ...source, name: `${job.deviceId}/${job.database}` },
        target: { ...target, name: context.salt },
        selector,
        isWanted: (id) => !id.startsWith('_') || (job.design && id.startsWith('_design/')),
      });
      return {
        get progress() {
          return replication.progress;
        },
        ended: replication.ended,
        async cancel() {
          replication.cancel();
          await replication.ended;
        },
      };
    },
    // They ended with their process.
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
