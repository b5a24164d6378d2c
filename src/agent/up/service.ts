// The gateway while it runs, kept current: what exists in CouchDB, and with which credentials it may be asked.
import { GatewayError, launchGateway, NotConfined } from '../../adapters/launch/launch-gateway.js';
import { Failure } from '../cli/failure.js';
import {
  createGatewayEnv,
  createReload,
  policyOf,
  withoutEnded,
  withoutUnusable,
  type Credentials,
} from '../config/gateway-env.js';
import type { GatewayReady, SeenEvent } from '../gateway-events.js';
import { readCredentials } from '../home/credentials.js';
import { eventOf } from '../directory/events.js';
import type { Membership } from '../directory/membership.js';
import { createNameOf } from '../directory/names.js';
import type { StreamAccess } from '../home/stream-access.js';
import { createProblems } from '../../core/env/problems.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import { compilePolicy } from '../../core/policy/compile.js';
import type { Policy as CompiledPolicy } from '../../core/policy/policy.js';
import { isRevokedLeaf } from '../directory/revoked-leaf.js';
import { followDatabases, followReach, type FollowEvent } from '../provision/follow.js';
import { targetsOf, type Target } from '../provision/targets.js';
import { createRecent, type Recent } from '../status/recent.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpContext } from './context.js';
import { keepGateway } from './keep-gateway.js';
import { addShareCredentials, removeEndedUsers } from './share-credentials.js';

export interface Service {
  readonly ready: GatewayReady;
  readonly recent: Recent;
  /** Of the gateway, as it answers; null while there is none. */
  status(): Promise<unknown>;
  /** One of the gateway's methods for pairing. */
  readonly pair: (method: string, params: unknown) => Promise<unknown>;
  /** Reads the credentials again, after `provision`. */
  refreshCredentials(): Promise<void>;
  readonly databases: () => readonly string[] | null;
  readonly credentials: () => Credentials;
  /** Whom the policy in force needs in CouchDB. */
  readonly targets: () => readonly Target[];
  /** In force now, compiled. */
  readonly policy: () => CompiledPolicy;
  readonly isRevoked: (leaf: KnownLeaf) => boolean;
  observe(observer: ServiceObserver): void;
  /** Resolves when it is over in good order; fails when the gateway ends again and again. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Told of each event of the gateway, and when databases, credentials or the policy are others than before. */
export interface ServiceObserver {
  onEvent(event: SeenEvent): void;
  onChange(): void;
}

export interface ServiceOptions {
  readonly context: UpContext;
  readonly membership: Membership;
  readonly upstream: Upstream;
  readonly streams: StreamAccess;
}

const FOLLOW_MS = 1000;
/** A gateway that answers no more must not hold up what others learn. */
const RELOAD_MS = 10_000;
/** What it is made of was checked when it was read. */
const NO_CONTEXT = { cas: null, certs: null, credentials: null };

export async function startService(options: ServiceOptions): Promise<Service> {
  const { context, membership, upstream, streams } = options;
  const { settings, report, signal, paths } = context;
  let { databases, credentials } = upstream;
  const policy = () => policyOf(settings, membership.view());
  const targets = (): Target[] => targetsOf(policy(), credentials, membership.identity().deviceId);
  const parts = () => ({
    identity: membership.identity(),
    settings,
    couchUrl: upstream.url,
    credentials,
    databases,
    streams,
    view: membership.view(),
    denied: membership.directory().local().denied,
  });
  const addCredentials = async (): Promise<void> => {
    const { deviceId } = membership.identity();
    const known = withoutEnded(credentials, membership.view());
    credentials = await addShareCredentials({ upstream, policy: policy(), credentials: known, deviceId });
  };
  /** Where it can not be done now, it is done after the next change, or when CouchDB is back. */
  const removeEnded = (): Promise<void> =>
    removeEndedUsers({
      upstream,
      ended: membership.view().ended,
      deviceId: membership.identity().deviceId,
    }).catch(() => undefined);

  await addCredentials();
  void removeEnded();
  const launch = () =>
    launchGateway(createGatewayEnv(parts()), {
      signal,
      onLog: report.gatewayLog,
      requireConfinement: context.requireConfinement,
      inOwnUnit: context.gatewayInUnit,
    }).catch(refuse);
  const recent = createRecent(createNameOf(membership));
  const observers: ServiceObserver[] = [];
  const onEvent = async (event: SeenEvent): Promise<void> => {
    recent.note(event);
    report.gateway(event);
    for (const observer of observers) observer.onEvent(event);
    if (event.event === 'revocations-learned')
      await membership.directory().learn(event.revocations).catch(tellNotInForce);
  };
  const tellNotInForce = (error: unknown): void =>
    report.directory({ event: 'not-in-force', reason: error instanceof Error ? error.message : 'unknown' });
  const compile = () => compilePolicy(withoutUnusable(policy(), credentials), NO_CONTEXT, createProblems());
  let compiled = compile();
  const gateway = await keepGateway({
    ...{ launch, onEvent, onEnd: report.gatewayEnded, onRestart: report.gatewayRestarted },
    nowMs: () => performance.now(),
  });

  const reload = async (): Promise<void> => {
    compiled = compile();
    // Before the gateway: whoever is denied is pulled from no more, even when it does not answer.
    for (const observer of observers) observer.onChange();
    // One that is started anew is given all of it.
    if (gateway.isUp()) await within(RELOAD_MS, gateway.call('reload', createReload(parts())));
  };
  /** What was stored holds, or it is said that it does not: the gateway is then as it was before. */
  membership.onChange(async (taken) => {
    for (const statement of taken) report.directory(eventOf(statement));
    await addCredentials().then(reload).catch(tellNotInForce);
    await removeEnded();
  });
  const onFollow = async (event: FollowEvent): Promise<void> => {
    if (event.event === 'databases') {
      databases = event.databases;
      await reload();
    }
    if (event.event === 'couchdb-back') await removeEnded();
    report.follow(event);
  };
  const following = { url: upstream.url, intervalMs: FOLLOW_MS, onEvent: onFollow };
  const follower =
    upstream.admin === null
      ? followReach(following)
      : followDatabases(databases ?? [], {
          ...following,
          admin: upstream.admin.client,
          // Before `provision` was asked for, nothing is changed in a CouchDB that a person named.
          targets: () => targets().filter(({ credential }) => Object.hasOwn(credentials, credential)),
        });

  return {
    ready: gateway.ready,
    recent,
    status: () => (gateway.isUp() ? gateway.call('status') : Promise.resolve(null)),
    pair: (method, params) => gateway.call(method, params),
    databases: () => databases,
    credentials: () => credentials,
    targets,
    policy: () => compiled,
    isRevoked: (leaf) => isRevokedLeaf(leaf, settings.trust, membership),
    observe: (observer) => void observers.push(observer),
    async refreshCredentials() {
      if (upstream.kind === 'configured')
        credentials = withoutEnded((await readCredentials(paths.credentials)) ?? {}, membership.view());
      await reload();
    },
    run: (until) => gateway.run(until),
    async close() {
      await follower.close();
      await gateway.stop();
    },
  };
}

const within = <Result>(ms: number, answered: Promise<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new GatewayError('the gateway does not answer')), ms);
    answered.then(resolve, reject).finally(() => clearTimeout(timer));
  });

const EX_OSERR = 71;

function refuse(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  if (error instanceof NotConfined)
    throw new Failure('unavailable', 'not-confined', error.message, { hint: 'See `patchcord doctor`.' });
  const { problems, exitCode } = error;
  if (problems.length === 0) throw new Failure('software', 'gateway-ended', error.message);
  throw new Failure(exitCode === EX_OSERR ? 'os' : 'config', 'gateway-refused', 'the gateway cannot start', {
    problems,
  });
}
