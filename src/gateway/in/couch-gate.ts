// The gate to the upstream: who may pass with which credential, what the gateway answers by itself, and what the
// upstream's 401 means. One for each generation of the env's `couchdb`.
import { createCredentialChecks } from '../../adapters/couch/credential-checks.js';
import type { Ending, ForwardedReply, UpstreamRequest } from '../../adapters/couch/forward.js';
import { createHealthWatch, type Health } from '../../adapters/couch/health.js';
import { createUpstream } from '../../adapters/couch/upstream.js';
import type { CouchDecision } from '../../core/couch/decide.js';
import type { CredentialState } from '../../core/couch/session.js';
import type { Couchdb, Credential } from '../../core/env/couchdb.js';
import { Refusal } from '../../core/errors.js';
import type { Limits } from '../../core/limits.js';
import { grantOf, type Role } from '../../core/policy/policy.js';

type Decided = Pick<CouchDecision, 'database' | 'grant'>;

export interface CouchGate {
  /** The body of the gateway's own answer, where the upstream is not asked; null for the rest. */
  answer(decision: CouchDecision, role: Role): Promise<unknown> | null;
  /** Throws the `Refusal` unless the role's credential passed its checks for this database. */
  require(role: Role, decision: Decided): Promise<void>;
  /** Requires the same once more, now that a body may have taken its time, and of every new connection. */
  forward(role: Role, decision: Decided, request: UpstreamRequest, ending: Ending): Promise<ForwardedReply>;
  /** The answer to a small `POST` with the role's credential, which must have passed; null for any but a 200. */
  ask(role: Role, path: string, body: unknown): Promise<Readonly<Record<string, unknown>> | null>;
  /** The refusal that a 401 of the upstream stands for: the peer never sees it as such. */
  explain401(role: Role, reply: ForwardedReply): Promise<Refusal>;
  /** Checks every credential of the env, as before first use. */
  checkAll(): Promise<void>;
  health(): Health | null;
  close(): void;
}

export interface CouchGateOptions {
  readonly couchdb: Couchdb;
  readonly limits: () => Limits;
  readonly onCredential: (name: string, state: CredentialState) => void;
  readonly onDatabaseAdmin: (role: string) => void;
}

const OK = 200;

export function createCouchGate({
  couchdb,
  limits,
  onCredential,
  onDatabaseAdmin,
}: CouchGateOptions): CouchGate {
  const upstream = createUpstream(couchdb.address, limits);
  const checks = createCredentialChecks(upstream, couchdb.credentials, onCredential);
  const healthWatch = createHealthWatch(upstream);
  /** Roles that the launcher was warned about: once for each, however often a peer asks. */
  const toldOf = new Set<string>();
  const credentialOf = ({ credential }: Role): Credential =>
    (credential === null ? undefined : couchdb.credentials.get(credential)) ?? { kind: 'none' };

  async function welcome(): Promise<unknown> {
    const { version } = await healthWatch.recent();
    return { couchdb: 'Welcome', vendor: { name: 'patchcord' }, ...(version !== null && { version }) };
  }

  async function up(): Promise<unknown> {
    if ((await healthWatch.recent()).up) return { status: 'ok' };
    throw new Refusal('upstream-not-ready');
  }

  /** The names that the role may read; where the launcher does not say what exists, those that it names exactly. */
  const allDatabases = (role: Role): readonly string[] =>
    couchdb.databases?.filter((name) => grantOf(role, name) !== null) ?? [...role.exact.keys()];

  async function requireCredential({ credential }: Role): Promise<string> {
    if (credential !== null && (await checks.check(credential)) === 'passed') return credential;
    throw new Refusal('upstream-not-ready');
  }

  /** Nearly always: then there is nothing to wait for. */
  const stands = ({ credential }: Role, { database, grant }: Decided): boolean =>
    credential !== null && checks.stands(credential, grant?.design === true ? null : database);

  async function requireFor(role: Role, decided: Decided): Promise<void> {
    if (stands(role, decided)) return;
    const { database, grant } = decided;
    const credential = await requireCredential(role);
    if (database === null || grant?.design === true) return;
    if (!(await checks.administers(credential, database))) return;
    if (!toldOf.has(role.name)) onDatabaseAdmin(role.name);
    toldOf.add(role.name);
    throw new Refusal('upstream-not-ready');
  }

  return {
    answer({ operation, database }, role) {
      if (operation.answer === 'welcome') return welcome();
      if (operation.answer === 'up') return up();
      if (operation.answer === 'all-databases') return Promise.resolve(allDatabases(role));
      if (operation.answer !== 'database-exists') return null;
      throw new Refusal(allDatabases(role).includes(database ?? '') ? 'database-exists' : 'no-grant');
    },
    require: requireFor,
    forward(role, decision, request, ending) {
      const vouch = (): Promise<void> => requireFor(role, decision);
      const send = (): Promise<ForwardedReply> =>
        upstream.forward(request, credentialOf(role), ending, vouch);
      return stands(role, decision) ? send() : vouch().then(send);
    },
    async ask(role, path, body) {
      const vouch = async (): Promise<void> => {
        await requireCredential(role);
      };
      await vouch();
      const credential = credentialOf(role);
      const answer = await upstream.ask({ method: 'POST', path, body, credential, vouch });
      return answer.status === OK ? answer.body : null;
    },
    async explain401({ credential }, reply) {
      reply.body.destroy(new Error('a login is refused'));
      const state = credential === null ? 'refused' : await checks.recheck(credential);
      return new Refusal(state === 'passed' ? 'upstream-forbidden' : 'upstream-failed');
    },
    async checkAll() {
      await Promise.all([...couchdb.credentials.keys()].map((name) => checks.check(name)));
    },
    health: () => healthWatch.last(),
    close: () => upstream.close(),
  };
}
