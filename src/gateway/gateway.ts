// The gateway's one changing thing: the env in force. It begins with one, and a reload swaps in the next in one step,
// or changes nothing.
import type { Log } from '../adapters/control/log.js';
import type { GatewayEvent, Listener, StreamDoor, WarningCode } from '../core/control/protocol.js';
import type { CredentialState } from '../core/couch/session.js';
import { parseEnv, type Env, type RawEnv, type Service } from '../core/env/env.js';
import type { Problem } from '../core/env/problems.js';
import { createDeniedEvents } from './denied-events.js';
import { createCouchGate, type CouchGate } from './in/couch-gate.js';
import { createInbound, type Inbound } from './in/inbound.js';
import { ListenFailed } from './in/listeners.js';
import { createOutbound, type Outbound } from './out/outbound.js';
import { StreamListenFailed } from './out/stream-listener.js';
import { createPairing, type Pairing } from './pair/pairing.js';
import { createSeen } from './seen/seen.js';
import { readStatus } from './status.js';

export interface GatewayOptions {
  readonly version: string;
  readonly confinedBy: readonly string[];
  readonly now: () => Date;
  readonly emit: (event: GatewayEvent) => void;
  readonly log: Log;
  /** The env turned out to be one that must not be served: the gateway has to stop. */
  readonly onFatal: (problems: readonly Problem[]) => void;
}

export interface Gateway {
  readonly listeners: () => readonly Listener[];
  readonly peerStreams: () => StreamDoor | null;
  /** Null when it is done, else every problem, with nothing changed. */
  reload(params: RawEnv): Promise<readonly Problem[] | null>;
  readonly pairing: Pairing;
  status(): Promise<unknown>;
  stop(): Promise<void>;
}

/** The env has problems; nothing was started. */
export class BadEnv extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super('the env has problems');
    this.problems = problems;
  }
}

/** How long a start or a reload waits for the upstream's word on the credentials. One that is down stops neither. */
const CREDENTIALS_MS = 1000;
const LEAF_WARNING_MS = 60 * 24 * 3600 * 1000;

const CREDENTIAL_WARNINGS: Record<
  Exclude<CredentialState, 'passed' | 'server-admin' | 'unreachable'>,
  string
> = {
  'wrong-user':
    'the upstream takes this credential for another user; its roles have no /couch until that is mended',
  refused: 'the upstream refuses this credential; its roles have no /couch until that is mended',
};
/** What leaves are judged by, as it came. */
const textOfRules = ({ trust, policy }: RawEnv): string => JSON.stringify([trust, policy]);
const UPSTREAM_DOWN = 'the upstream cannot be reached; there is no /couch until it can';

/** Starts with a raw env; rejects with `BadEnv`, or with `ListenFailed` for a port that cannot be had. */
export async function startGateway(firstRaw: unknown, options: GatewayOptions): Promise<Gateway> {
  const { now, emit } = options;
  const denied = createDeniedEvents(emit);
  const warn = (code: WarningCode, message: string, about?: string): void =>
    emit({ event: 'warning', code, message, ...(about !== undefined && { about }) });
  const credentialStates = new Map<string, CredentialState>();
  let isUpstreamDown = false;

  let raw = firstRaw as RawEnv;
  let env = parseOrThrow(firstRaw);
  let gate = env.service && createGate(env.service);
  let inbound: Inbound | null = null;
  let outbound: Outbound | null = null;
  const listeners = (): readonly Listener[] => inbound?.listeners.list() ?? [];
  const seen = createSeen({ env: () => env, now, listeners, emit, warn });
  const pairing = createPairing({ env: () => env, now, emit, seen });

  function createGate({ couchdb }: Service): CouchGate {
    return createCouchGate({
      couchdb,
      limits: () => env.limits,
      onCredential: onCredentialState,
      onDatabaseAdmin: (role) =>
        warn(
          'database-admin',
          'the credential of this role administers a database, and only "design" permits that',
          role,
        ),
    });
  }

  function onCredentialState(name: string, state: CredentialState): void {
    credentialStates.set(name, state);
    if (state === 'unreachable' && !isUpstreamDown) warn('upstream-down', UPSTREAM_DOWN);
    isUpstreamDown = state === 'unreachable';
    if (state === 'server-admin') options.onFatal([adminProblem(name)]);
    else if (state === 'refused' || state === 'wrong-user')
      warn('credential', CREDENTIAL_WARNINGS[state], name);
  }

  function requireService(): Service {
    if (env.service === null) throw new Error('there is no identity to serve with');
    return env.service;
  }

  function requireGate(): CouchGate {
    if (gate === null) throw new Error('there is no upstream without an identity');
    return gate;
  }

  /** What comes in bears on what is seen: the port to announce, and a device that is known from now on. */
  function onInbound(event: GatewayEvent): void {
    if (event.event === 'listening' || event.event === 'unlistening') seen.update();
    if (event.event !== 'connected') return;
    seen.book.noteKnown(event.principal.deviceId);
    outbound?.onCome(event.principal.deviceId);
  }

  async function serve(): Promise<void> {
    if (env.service === null) return;
    inbound ??= createInbound({
      env: () => env,
      service: requireService,
      gate: requireGate,
      deny: denied.deny,
      warn,
      ...options,
      emit: (event) => {
        emit(event);
        onInbound(event);
      },
    });
    outbound ??= createOutbound({
      env: () => env,
      service: requireService,
      book: seen.book,
      deny: denied.deny,
      ...options,
    });
    await outbound.follow();
    await inbound.listeners.follow(env.listen);
  }

  function warnAbout({ service }: Env): void {
    if (service === null) return;
    const { notBefore, notAfter } = service.identity.leaf;
    if (now() < notBefore || now() >= notAfter)
      warn('leaf-dates', 'the own leaf is outside its dates: peers will refuse it');
    else if (notAfter.getTime() - now().getTime() < LEAF_WARNING_MS)
      warn('leaf-dates', 'the own leaf ends in less than 60 days');
  }

  /** Asks the upstream about every credential, for as long as a start may wait. */
  const checkCredentials = (of: CouchGate | null): Promise<void> =>
    of === null ? Promise.resolve() : Promise.race([of.checkAll(), pause(CREDENTIALS_MS)]);

  async function reload(params: RawEnv): Promise<readonly Problem[] | null> {
    const nextRaw = { ...raw, ...params };
    const parsed = parseEnv(nextRaw);
    if ('problems' in parsed) return parsed.problems;
    const before = { raw, env, gate };
    raw = nextRaw;
    env = parsed.env;
    gate = env.service && createGate(env.service);
    try {
      await serve();
    } catch (error) {
      gate?.close();
      ({ raw, env, gate } = before);
      seen.update();
      if (!isListenFailure(error)) throw error;
      await outbound?.follow().catch(() => undefined);
      return [listenProblem(error)];
    }
    before.gate?.close();
    if (before.env.service !== null) await inbound?.onReload(before.env.service);
    const isJudgedAnew = textOfRules(before.raw) !== textOfRules(raw);
    if (isJudgedAnew) seen.forgetWrong();
    outbound?.onReload(isJudgedAnew);
    seen.update();
    warnAbout(env);
    await checkCredentials(gate);
    return null;
  }

  warnAbout(env);
  await Promise.all([serve(), checkCredentials(gate)]);
  return {
    listeners,
    peerStreams: () => outbound?.door ?? null,
    reload,
    pairing,
    status: () =>
      readStatus({
        env,
        gate,
        inbound,
        outbound,
        seen,
        pairing,
        denied: denied.totals(),
        credentials: credentialStates,
        version: options.version,
        confinedBy: options.confinedBy,
      }),
    async stop() {
      pairing.stop();
      await seen.stop();
      // Those on this side first: what they wait for may come by what this device itself serves.
      await outbound?.stop();
      await inbound?.stop();
      gate?.close();
      denied.close();
    },
  };
}

function parseOrThrow(raw: unknown): Env {
  const parsed = parseEnv(raw);
  if ('problems' in parsed) throw new BadEnv(parsed.problems);
  return parsed.env;
}

const adminProblem = (name: string): Problem => ({
  path: `$.couchdb.credentials.${name}`,
  reason: 'is a server administrator of the upstream: a gateway gets limited credentials only',
});

type ListenFailure = ListenFailed | StreamListenFailed;

/** A port, or a passed socket, that only a person can help with. */
export const isListenFailure = (error: unknown): error is ListenFailure =>
  error instanceof ListenFailed || error instanceof StreamListenFailed;

export const listenProblem = (failure: ListenFailure): Problem => ({
  path: failure instanceof ListenFailed ? '$.listen.port' : `$.peerStreams.${failure.key}`,
  reason: failure.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${failure.code})`,
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
