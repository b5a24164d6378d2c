// By whom is pulled: by CouchDB itself where it has a replicator that reaches this host's loopback, and its administrator
// is known; else by this process.
import type { PeerClient } from '../../adapters/peer-streams/peer-client.js';
import { CouchError } from '../../adapters/couch-client/couch-client.js';
import { createCouchPuller } from '../replication/couch-puller.js';
import type { EndsContext } from '../replication/ends.js';
import { createPouchPuller } from '../replication/pouch-puller.js';
import type { Puller } from '../replication/puller.js';
import type { Upstream } from '../upstream/upstream.js';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export function choosePuller(
  { kind, url, admin }: Upstream,
  context: Omit<EndsContext, 'upstreamUrl'> & { readonly salt: string; readonly client: PeerClient },
): Puller {
  const ends = { ...context, upstreamUrl: url };
  const byAgent = createPouchPuller(ends);
  const isHere = LOOPBACK.has(new URL(url).hostname);
  if (kind === 'embedded' || !isHere || admin === null) return byAgent;
  return withFallback(createCouchPuller({ ...ends, admin: admin.client }), byAgent);
}

/** Known once it was asked: not everything that speaks CouchDB's protocol has its scheduler. */
function withFallback(first: Puller, fallback: Puller): Puller {
  let chosen = first;
  return {
    get kind() {
      return chosen.kind;
    },
    start: (job) => chosen.start(job),
    async sweep() {
      try {
        await first.sweep();
      } catch (error) {
        if (!(error instanceof CouchError) || error.status === null) throw error;
        chosen = fallback;
      }
    },
    async close() {
      await first.close();
      await fallback.close();
    },
  };
}
