// By whom is pulled: by CouchDB itself where it can reach this host's loopback and its administrator is known, else by
// this process.
import { createCouchPuller } from '../replication/couch-puller.js';
import type { EndsContext } from '../replication/ends.js';
import { createPouchPuller } from '../replication/pouch-puller.js';
import type { Puller } from '../replication/puller.js';
import type { Upstream } from '../upstream/upstream.js';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export function choosePuller(
  { kind, url, admin }: Upstream,
  context: Omit<EndsContext, 'upstreamUrl'> & { readonly salt: string },
): Puller {
  const ends = { ...context, upstreamUrl: url };
  const isHere = LOOPBACK.has(new URL(url).hostname);
  return kind === 'configured' && isHere && admin !== null
    ? createCouchPuller({ ...ends, admin: admin.client })
    : createPouchPuller(ends);
}
