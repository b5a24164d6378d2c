// The gateway while it runs, kept current: what exists in CouchDB, and with which credentials it may be asked.
import { GatewayError, launchGateway, type Gateway } from '../../adapters/launch/launch-gateway.js';
import { Failure } from '../cli/failure.js';
import { createCouchdb, createGatewayEnv, withoutUnusable, type Credentials } from '../config/gateway-env.js';
import { parseGatewayEvent, parseReady, type GatewayReady, type SeenEvent } from '../gateway-events.js';
import { readCredentials } from '../home/credentials.js';
import type { Identity } from '../home/identity.js';
import type { StreamAccess } from '../home/stream-access.js';
import { followDatabases, type FollowEvent } from '../provision/follow.js';
import { createRecent, type Recent } from '../status/recent.js';
import type { Upstream } from '../upstream/upstream.js';
import type { UpContext } from './context.js';

export interface Service {
  readonly ready: GatewayReady;
  readonly recent: Recent;
  /** Of the gateway, as it answers. */
  status(): Promise<unknown>;
  /** Reads the credentials again, after `provision`. */
  refreshCredentials(): Promise<void>;
  databases(): readonly string[] | null;
  credentials(): Credentials;
  /** Resolves when it is over in good order; fails when the gateway ended by itself. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly context: UpContext;
  readonly identity: Identity;
  readonly upstream: Upstream;
  readonly streams: StreamAccess;
}

const FOLLOW_MS = 1000;

export async function startService(options: ServiceOptions): Promise<Service> {
  const { context, identity, upstream, streams } = options;
  const { settings, report, signal, paths } = context;
  let { databases, credentials } = upstream;
  const parts = () => ({ identity, settings, couchUrl: upstream.url, credentials, databases, streams });

  const gateway = await launchGateway(createGatewayEnv(parts()), { signal, onLog: report.gatewayLog }).catch(
    refuse,
  );
  const ready = parseReady(gateway.ready);
  const recent = createRecent();
  const onEvent = (event: SeenEvent): void => {
    recent.note(event);
    report.gateway(event);
  };
  let reading: Promise<Problems> = Promise.resolve([]);

  const reload = async (): Promise<void> => {
    const policy = withoutUnusable(settings.policy, credentials);
    await gateway.call('reload', { couchdb: createCouchdb(parts()), policy });
  };
  const onFollow = async (event: FollowEvent): Promise<void> => {
    if (event.event === 'databases') {
      databases = event.databases;
      await reload();
    }
    report.follow(event);
  };
  const follower =
    upstream.admin &&
    followDatabases(databases ?? [], {
      url: upstream.url,
      admin: upstream.admin.client,
      // Before `provision` was asked for, nothing is changed in a CouchDB that a person named.
      targets: () => upstream.targets.filter(({ credential }) => Object.hasOwn(credentials, credential)),
      intervalMs: FOLLOW_MS,
      onEvent: onFollow,
    });

  return {
    ready,
    recent,
    status: () => gateway.call('status'),
    databases: () => databases,
    credentials: () => credentials,
    async refreshCredentials() {
      if (upstream.kind === 'configured') credentials = (await readCredentials(paths.credentials)) ?? {};
      await reload();
    },
    async run(until) {
      reading = readEvents(gateway, ready, onEvent);
      await Promise.race([aborted(until), gateway.exited]);
      if (until.aborted) return;
      const [code, problems] = [await gateway.exited, await reading];
      // It had a signal of its own, and ended in good order.
      if (code === 0) return;
      throw new Failure(problems.length > 0 ? 'config' : 'software', 'gateway-ended', 'the gateway ended', {
        problems,
      });
    },
    async close() {
      await follower?.close();
      await gateway.stop();
      await reading;
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

type Problems = Extract<SeenEvent, { event: 'fatal' }>['problems'];

/** Tells every event; resolves with the problems that ended the gateway, when it has ended. */
async function readEvents(
  gateway: Gateway,
  ready: GatewayReady,
  tell: (event: SeenEvent) => void,
): Promise<Problems> {
  let problems: Problems = [];
  for await (const raw of gateway.events) {
    const event = parseGatewayEvent(raw);
    if (event?.event === 'fatal') problems = event.problems;
    // The listeners of the start stand in `ready`.
    const isTold = event?.event === 'stopped' || (event?.event === 'listening' && event.time <= ready.time);
    if (event !== null && !isTold) tell(event);
  }
  return problems;
}

const EX_OSERR = 71;

function refuse(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  const { problems, exitCode } = error;
  if (problems.length === 0) throw new Failure('software', 'gateway-ended', error.message);
  throw new Failure(exitCode === EX_OSERR ? 'os' : 'config', 'gateway-refused', 'the gateway cannot start', {
    problems,
  });
}
