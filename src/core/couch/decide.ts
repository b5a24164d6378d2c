// The decision on one request to the upstream: pure, and deny by default. Order (what an outsider may learn from an
// error): the form of the target was judged before; then operation and grant (403), then query names (400).
import { Refusal, type RefusalCode } from '../errors.js';
import { grantOf, type DatabaseGrant, type Role } from '../policy/policy.js';
import type { QueryParameter, Target } from '../target.js';
import { checkChangesQuery } from './changes.js';
import { operationFor, type Need, type Operation } from './operations.js';

/** A request that may go on. `segments` and `query` are what the upstream's target is written from. */
export interface CouchDecision {
  readonly operation: Operation;
  readonly method: string;
  /** Null for what is answered without a database. */
  readonly database: string | null;
  readonly grant: DatabaseGrant | null;
  readonly segments: readonly string[];
  readonly query: readonly QueryParameter[];
  /** Whether the reply may stay open for good: continuous, longpoll, eventsource. */
  readonly feed: boolean;
}

/** Decides on `method` and `target` (below `/couch`) for `role`; throws the `Refusal`. An empty role may do nothing. */
export function decideCouch(
  role: Role,
  method: string,
  target: Target,
  limits: { heartbeatMs: number },
): CouchDecision {
  const { segments, query } = target;
  // The replicator asks at the root first, and falls back to its other authentication at 404 only.
  if (segments[0] === '_session') throw new Refusal('no-session');
  checkTrailingSlash(target);
  const operation = operationFor(method, segments);
  if (operation === null) throw new Refusal('no-operation');
  const database = operation.path[0] === '{db}' ? (segments[0] ?? null) : null;
  const grant = database === null ? null : grantOf(role, database);
  const refusal = REFUSALS_OF_NEED[operation.needs](grant);
  if (refusal !== null) throw new Refusal(refusal);
  checkQueryNames(operation, query);
  const feed =
    operation.answer === 'changes' && checkChangesQuery(method, query, grant?.query === true, limits);
  return { operation, method, database, grant, segments, query, feed };
}

/** What is missing from a grant for each need: total, so that a new need does not compile without a rule. */
const REFUSALS_OF_NEED: Record<Need, (grant: DatabaseGrant | null) => RefusalCode | null> = {
  role: () => null,
  exists: (grant) => (grant === null ? 'no-grant' : null),
  read: (grant) => (grant === null ? 'no-grant' : null),
  'read+query': (grant) => (grant === null ? 'no-grant' : grant.query ? null : 'needs-query'),
  write: (grant) => (grant === null ? 'no-grant' : grant.access === 'write' ? null : 'needs-write'),
  'write+design': (grant) =>
    grant === null
      ? 'no-grant'
      : grant.access === 'write'
        ? grant.design
          ? null
          : 'needs-design'
        : 'needs-write',
};

/** "/db/" is "/db" (CouchDB's replicator writes it so); every other trailing slash has two readings. */
function checkTrailingSlash({ segments, trailingSlash }: Target): void {
  const [first] = segments;
  if (!trailingSlash || first === undefined) return;
  if (first.startsWith('_')) throw new Refusal('no-operation');
  if (segments.length > 1) throw new Refusal('target-trailing-slash');
}

function checkQueryNames(operation: Operation, query: readonly QueryParameter[]): void {
  if (query.length === 0) return;
  const seen = new Set<string>();
  for (const { name } of query) {
    if (seen.has(name) || !operation.query.includes(name)) throw new Refusal('query-name');
    seen.add(name);
  }
}
