// Whether a credential may be used: asked of the upstream before first use, after a reload, and after a connection
// was lost. Until it passed, nothing of the role reaches the upstream.
import { createBounded } from '../../core/bounded.js';
import {
  isDatabaseAdmin,
  judgeSession,
  parseSession,
  type CredentialState,
  type Session,
} from '../../core/couch/session.js';
import type { Credential } from '../../core/env/couchdb.js';
import { formatTarget } from '../../core/target.js';
import type { Upstream } from './upstream.js';

export interface CredentialChecks {
  /** Whether it is known, with nothing to be asked, that the credential passed and does not administer the database. */
  stands(name: string, database: string | null): boolean;
  /** The state of a credential, asked anew where it is not known to have passed. */
  check(name: string): Promise<CredentialState>;
  /** Asks again, though it passed before. */
  recheck(name: string): Promise<CredentialState>;
  /** Whether the credential administers the database; also true where that cannot be found out. */
  administers(name: string, database: string): Promise<boolean>;
}

interface Known {
  readonly epoch: number;
  readonly session: Session | null;
  readonly state: CredentialState;
}

/** Names of databases come from peers. */
const MAX_DATABASES_KNOWN = 4096;
/**
 * A credential that failed is not asked about again before this. CouchDB (3.4 and newer) locks an account for five
 * minutes after five refusals: asking on and on would lock out the mended password too.
 */
const RETRY_AFTER_MS: Readonly<Record<Exclude<CredentialState, 'passed'>, number>> = {
  refused: 120_000,
  'server-admin': 1000,
  'wrong-user': 1000,
  unreachable: 1000,
};

const adminKey = (name: string, database: string): string => `${name} ${database}`;

/** Checks for one generation of credentials: a reload makes a new one. `onState` hears of every change. */
export function createCredentialChecks(
  upstream: Upstream,
  credentials: ReadonlyMap<string, Credential>,
  onState: (name: string, state: CredentialState) => void,
): CredentialChecks {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();
  const retryAt = new Map<string, number>();
  const admins = createBounded<string, { epoch: number; isAdmin: boolean }>(MAX_DATABASES_KNOWN);

  async function ask(name: string): Promise<Known> {
    const credential = credentials.get(name) ?? { kind: 'none' as const };
    const epoch = upstream.epoch;
    try {
      const { status, body } = await upstream.ask({ path: '/_session', credential });
      const session = parseSession(body);
      return { epoch, session, state: judgeSession(credential, status, session) };
    } catch {
      return { epoch: -1, session: null, state: 'unreachable' };
    }
  }

  async function recheckOnce(name: string): Promise<Known> {
    const result = await ask(name);
    const before = known.get(name)?.state;
    known.set(name, result);
    if (result.state === 'passed') retryAt.delete(name);
    else retryAt.set(name, performance.now() + RETRY_AFTER_MS[result.state]);
    if (before !== result.state) onState(name, result.state);
    return result;
  }

  /** One question at a time for each credential, however many wait for it. */
  function recheck(name: string): Promise<Known> {
    const underWay = asking.get(name);
    if (underWay !== undefined) return underWay;
    const started = recheckOnce(name).finally(() => asking.delete(name));
    asking.set(name, started);
    return started;
  }

  /** What is known of a credential that failed, for as long as it may not be asked about again. */
  function failedJustNow(name: string): Known | undefined {
    const retry = retryAt.get(name);
    return retry !== undefined && performance.now() < retry ? known.get(name) : undefined;
  }

  async function current(name: string): Promise<Known> {
    const before = known.get(name);
    if (before?.state === 'passed' && before.epoch === upstream.epoch) return before;
    return failedJustNow(name) ?? recheck(name);
  }

  return {
    stands(name, database) {
      const { epoch } = upstream;
      const before = known.get(name);
      if (before?.state !== 'passed' || before.epoch !== epoch) return false;
      if (database === null) return true;
      const admin = admins.get(adminKey(name, database));
      return admin?.epoch === epoch && !admin.isAdmin;
    },
    check: async (name) => (await current(name)).state,
    recheck: async (name) => (failedJustNow(name) ?? (await recheck(name))).state,
    async administers(name, database) {
      const { session } = await current(name);
      const key = adminKey(name, database);
      const before = admins.get(key);
      if (before?.epoch === upstream.epoch) return before.isAdmin;
      const credential = credentials.get(name);
      if (session === null || credential === undefined) return true;
      const epoch = upstream.epoch;
      const { status, body } = await upstream.ask({
        path: formatTarget([database, '_security']),
        credential,
      });
      const isAdmin = status === 200 && (body === null || isDatabaseAdmin(session, body));
      // Where it does not exist, or is not this user's to read, nothing is administered; that is not remembered.
      if (status === 200) admins.set(key, { epoch, isAdmin });
      return isAdmin;
    },
  };
}
