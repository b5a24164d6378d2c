// Follows which databases exist, and lets the roles of the policy into those that appear. It polls: the embedded
// server has no `_db_updates`, and a feed that was cut would need a poll besides.
import { CouchError, createCouchClient, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import { applyPlan } from './apply.js';
import { planAdmissions, type PlanContext } from './plan.js';
import type { Target } from './targets.js';

export interface DatabaseFollower {
  close(): Promise<void>;
}

export type FollowEvent =
  | { readonly event: 'databases'; readonly databases: readonly string[] }
  /** A database that only asking could let the roles into: it is public, and would be closed. */
  | { readonly event: 'public-database'; readonly database: string }
  | { readonly event: 'couchdb-lost'; readonly reason: string }
  /** Its administrator is another now, or has another password. */
  | { readonly event: 'couchdb-admin-refused' }
  | { readonly event: 'couchdb-back' }
  /** Another installation answers at the address. */
  | { readonly event: 'couchdb-replaced' };

export interface FollowOptions extends Pick<PlanContext, 'admin' | 'url'> {
  /** Whom databases that appear are for. */
  readonly targets: () => readonly Target[];
  readonly intervalMs: number;
  readonly onEvent: (event: FollowEvent) => Promise<void> | void;
}

/** The names of CouchDB's own databases are nobody's business. */
const isOurs = (name: string): boolean => !name.startsWith('_');

export const listDatabases = async (admin: CouchClient): Promise<string[]> =>
  (await admin.databases()).filter(isOurs).sort();

/** Begins with what is known; every change after that is an event, told when the roles have been let in. */
export function followDatabases(known: readonly string[], options: FollowOptions): DatabaseFollower {
  const { admin, onEvent, intervalMs } = options;
  let before = known;
  let uuid: string | null = null;
  let isLost = false;

  async function admitInto(database: string): Promise<void> {
    const context = {
      ...options,
      targets: options.targets(),
      credentials: {},
      ended: [],
      firstDatabases: [],
    };
    const steps = await planAdmissions(context, database);
    const isClosing = steps.some(({ closes }) => closes);
    if (isClosing) await onEvent({ event: 'public-database', database });
    else await applyPlan(context, steps, () => undefined);
  }

  async function look(): Promise<void> {
    const info = await admin.info();
    const now = await listDatabases(admin);
    for (const database of now) if (!before.includes(database)) await admitInto(database);
    const isChanged = JSON.stringify(now) !== JSON.stringify(before);
    before = now;
    if (isLost) await onEvent({ event: 'couchdb-back' });
    if (uuid !== null && info.uuid !== uuid) await onEvent({ event: 'couchdb-replaced' });
    uuid = info.uuid;
    isLost = false;
    if (isChanged) await onEvent({ event: 'databases', databases: now });
  }

  return lookAgain(look, { intervalMs, onLoss });

  async function onLoss(event: FollowEvent): Promise<void> {
    if (!isLost) await onEvent(event);
    isLost = true;
  }
}

/** Where nobody may list its databases: only whether it answers. */
export function followReach({
  url,
  intervalMs,
  onEvent,
}: Pick<FollowOptions, 'url' | 'intervalMs' | 'onEvent'>): DatabaseFollower {
  const nobody = createCouchClient(url, null);
  let isLost = false;
  const look = async (): Promise<void> => {
    await nobody.info().catch((error: unknown) => {
      // It answers, if only that it tells nobody.
      if (!(error instanceof CouchError) || error.status === null) throw error;
    });
    if (isLost) await onEvent({ event: 'couchdb-back' });
    isLost = false;
  };
  const onLoss = async (event: FollowEvent): Promise<void> => {
    if (!isLost) await onEvent(event);
    isLost = true;
  };
  return lookAgain(look, { intervalMs, onLoss });
}

interface Looking {
  readonly intervalMs: number;
  readonly onLoss: (event: FollowEvent) => Promise<void>;
}

function lookAgain(look: () => Promise<void>, { intervalMs, onLoss }: Looking): DatabaseFollower {
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  async function lookAndWait(): Promise<void> {
    await look().catch((error: unknown) => onLoss(lossOf(error)));
    if (!closed) timer = setTimeout(() => void (current = lookAndWait()), intervalMs);
  }
  let current = lookAndWait();
  return {
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await current;
    },
  };
}

const UNAUTHORIZED = 401;

const lossOf = (error: unknown): FollowEvent =>
  error instanceof CouchError && error.status === UNAUTHORIZED
    ? { event: 'couchdb-admin-refused' }
    : { event: 'couchdb-lost', reason: error instanceof Error ? error.message : 'unknown' };
