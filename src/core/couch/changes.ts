// The values of `_changes`: which feeds stay open, how often they may beat, and which filters need `query`.
import { Refusal } from '../errors.js';
import type { QueryParameter } from '../target.js';

const FEEDS = new Set(['normal', 'longpoll', 'continuous', 'eventsource']);
/** Filters that run no code and touch nothing but ids. `_selector` is judged with its body (`isReplicationSelector`). */
const PLAIN_FILTERS = new Set(['_doc_ids', '_design', '_selector']);
const WHOLE_NUMBER = /^\d{1,15}$/;

/** Refuses values that the grant does not cover; returns whether the reply is a feed that may stay open. */
export function checkChangesQuery(
  method: string,
  query: readonly QueryParameter[],
  mayQuery: boolean,
  limits: { heartbeatMs: number },
): boolean {
  const values = new Map(query.map(({ name, value }) => [name, value]));
  const filter = values.get('filter');
  if (!mayQuery && (values.has('view') || (filter !== undefined && !PLAIN_FILTERS.has(filter)))) {
    throw new Refusal('needs-query');
  }
  // The selector is in the body, and GET has none.
  if (filter === '_selector' && method !== 'POST') throw new Refusal('query-value');
  const heartbeat = values.get('heartbeat');
  if (heartbeat !== undefined && !isHeartbeat(heartbeat, limits.heartbeatMs))
    throw new Refusal('query-value');
  const timeout = values.get('timeout');
  if (timeout !== undefined && !WHOLE_NUMBER.test(timeout)) throw new Refusal('query-value');
  const feed = values.get('feed') ?? 'normal';
  if (!FEEDS.has(feed)) throw new Refusal('query-value');
  return feed !== 'normal';
}

const isHeartbeat = (value: string, leastMs: number): boolean =>
  value === 'true' || value === 'false' || (WHOLE_NUMBER.test(value) && Number(value) >= leastMs);

/** The one selector that needs no `query`: it leaves out design documents, as the replicator of a peer asks. */
export const REPLICATION_SELECTOR = { _id: { $regex: '^[^_]' } } as const;

export const isReplicationSelector = (selector: unknown): boolean =>
  JSON.stringify(selector) === JSON.stringify(REPLICATION_SELECTOR);
