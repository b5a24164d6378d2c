// `_changes`: what is asked for, parsed. express-pouchdb dies of some filters, and ignores `timeout`.
import { parseFlag, parseObject, type Call } from './call.js';
import type { ChangesOptions } from './packages.js';
import { Problem, require } from './problems.js';

export interface ChangesPlan {
  readonly feed: 'normal' | 'longpoll' | 'continuous';
  readonly options: Omit<ChangesOptions, 'live'>;
  /** A newline is sent this often; then `timeoutMs` does not count. Null without. */
  readonly heartbeatMs: number | null;
  /** An idle feed ends after this. */
  readonly timeoutMs: number;
}

/** CouchDB's `changes_timeout`: the default, and the most that may be asked for. */
const MAX_TIMEOUT_MS = 60_000;
const DEFAULT_HEARTBEAT_MS = 60_000;
const MIN_HEARTBEAT_MS = 1_000;
const WHOLE_NUMBER = /^\d{1,15}$/;
/** The selector by which a replication leaves design documents out; no other is run here. */
const NO_DESIGN_DOCUMENTS = JSON.stringify({ _id: { $regex: '^[^_]' } });

export function parseChanges({ query, body, method }: Call): ChangesPlan {
  const style = query.get('style') ?? 'main_only';
  const feed = query.get('feed') ?? 'normal';
  require('query-value', style === 'all_docs' || style === 'main_only');
  require('query-value', feed === 'normal' || feed === 'longpoll' || feed === 'continuous');
  const limit = parseWholeNumber(query.get('limit'));
  const isWanted = parseFilter(query, method === 'POST' ? parseObject(body) : {});
  return {
    feed,
    heartbeatMs: parseHeartbeat(query.get('heartbeat')),
    timeoutMs: Math.min(parseWholeNumber(query.get('timeout')) ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS),
    options: {
      since: parseSince(query.get('since')),
      style,
      return_docs: false,
      descending: parseFlag(query, 'descending'),
      include_docs: parseFlag(query, 'include_docs'),
      attachments: parseFlag(query, 'attachments'),
      conflicts: parseFlag(query, 'conflicts'),
      ...(limit === undefined ? {} : { limit: Math.max(limit, 1) }),
      ...(isWanted === null ? {} : { filter: ({ _id }) => isWanted(_id) }),
    },
  };
}

function parseSince(text = '0'): number | 'now' {
  // CouchDB's replicator sends sequences as JSON.
  return text === 'now' ? text : (parseWholeNumber(text.replaceAll('"', '')) ?? 0);
}

function parseWholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  require('query-value', WHOLE_NUMBER.test(text));
  return Number(text);
}

function parseHeartbeat(text = 'false'): number | null {
  if (text === 'false') return null;
  if (text === 'true') return DEFAULT_HEARTBEAT_MS;
  return Math.max(parseWholeNumber(text) ?? DEFAULT_HEARTBEAT_MS, MIN_HEARTBEAT_MS);
}

/** All the filters that there are look at ids alone. Null lets everything through. */
function parseFilter(
  query: ReadonlyMap<string, string>,
  body: Record<string, unknown>,
): ((id: string) => boolean) | null {
  const filter = query.get('filter');
  if (filter === '_design') return (id) => id.startsWith('_design/');
  if (filter === '_selector') {
    require('filter', JSON.stringify(body['selector']) === NO_DESIGN_DOCUMENTS);
    return (id) => !id.startsWith('_');
  }
  if (filter === '_doc_ids' || (filter === undefined && query.has('doc_ids'))) {
    const ids = new Set(parseIds(body['doc_ids'] ?? query.get('doc_ids')));
    return (id) => ids.has(id);
  }
  require('filter', filter === undefined && !query.has('view'));
  return null;
}

function parseIds(untrusted: unknown): readonly string[] {
  let ids = untrusted;
  try {
    if (typeof ids === 'string') ids = JSON.parse(ids);
  } catch {
    throw new Problem('query-value');
  }
  require('query-value', Array.isArray(ids) && ids.every((id) => typeof id === 'string'));
  return ids;
}
