// The env: what the launcher hands to the gateway. It is parsed whole, with every problem told at once, and from
// then on its types are trusted. An env with any problem starts nothing, and a reload with one changes nothing.
import type * as v from 'valibot';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { compilePolicy } from '../policy/compile.js';
import type { Policy } from '../policy/policy.js';
import { compileCouchdb, type Couchdb } from './couchdb.js';
import { compileDiscovery, type Discovery } from './discovery.js';
import { compilePeerStreams, type PeerStreams } from './peer-streams.js';
import { createProblems, parseShape, type Problem, type Problems } from './problems.js';
import {
  COUCHDB,
  DISCOVERY,
  FILES,
  IDENTITY,
  LIMITS,
  LISTEN,
  PEER_STREAMS,
  POLICY,
  TOP_LEVEL_KEYS,
  TRUST,
  type TopLevelKey,
} from './shape.js';
import { compileIdentity, compileTrust, type CompiledTrust, type Identity } from './trust.js';

export interface Listen {
  readonly on: 'link-local' | 'loopback' | readonly string[];
  readonly port: number;
}

/** What a gateway with an identity serves. */
export interface Service extends CompiledTrust {
  readonly identity: Identity;
  readonly couchdb: Couchdb;
  /** Absolute parent folders of `.dmedia`. */
  readonly stores: readonly string[];
  readonly policy: Policy;
}

export interface Env {
  /** Null for a device that has no leaf yet: it discovers and pairs, and listens nowhere. */
  readonly service: Service | null;
  readonly listen: Listen | null;
  readonly discovery: Discovery;
  readonly peerStreams: PeerStreams | null;
  readonly limits: Limits;
}

export type EnvResult = { readonly env: Env } | { readonly problems: readonly Problem[] };

/** The env as it came: its top-level keys, each of which a reload may replace. */
export type RawEnv = Readonly<Record<string, unknown>>;

const VERSION = 1;
const ABSOLUTE_PATH = /^\/(?:[^/\0]+(?:\/[^/\0]+)*)?$/;
const NEEDED: readonly TopLevelKey[] = ['trust', 'listen', 'couchdb', 'policy'];
const WITHOUT_IDENTITY: readonly string[] = ['version', 'listen', 'discovery', 'limits'];

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses the whole env; the result is either an env without a flaw, or all of its problems. */
export function parseEnv(raw: unknown): EnvResult {
  const problems = createProblems();
  if (!isObject(raw)) {
    problems.add([], 'must be an object');
    return { problems: problems.list };
  }
  checkTopLevel(raw, problems);
  const env = compileEnv(raw, problems);
  return problems.list.length > 0 ? { problems: problems.list } : { env };
}

function checkTopLevel(raw: RawEnv, problems: Problems): void {
  for (const key of Object.keys(raw)) {
    if (!TOP_LEVEL_KEYS.some((known) => known === key)) problems.add([key], 'unknown key');
  }
  if (!Object.hasOwn(raw, 'version')) problems.add(['version'], 'is missing');
  else if (raw['version'] !== VERSION) problems.add(['version'], `must be ${VERSION}`);
  const expected = Object.hasOwn(raw, 'identity') ? NEEDED : [];
  for (const key of expected) if (!Object.hasOwn(raw, key)) problems.add([key], 'is missing');
  if (Object.hasOwn(raw, 'identity')) return;
  const more = TOP_LEVEL_KEYS.filter((key) => Object.hasOwn(raw, key) && !WITHOUT_IDENTITY.includes(key));
  if (more.length > 0) problems.add(['identity'], 'is missing, and other keys need it');
}

function compileEnv(raw: RawEnv, problems: Problems): Env {
  const shapeOf = <Schema extends v.GenericSchema>(
    key: TopLevelKey,
    schema: Schema,
  ): v.InferOutput<Schema> | null =>
    Object.hasOwn(raw, key) ? parseShape(schema, raw[key], [key], problems) : null;
  const peerStreams = shapeOf('peerStreams', PEER_STREAMS);
  const service = compileService(shapeOf, problems);
  const listen = shapeOf('listen', LISTEN);
  return {
    service,
    listen,
    discovery: compileDiscovery(shapeOf('discovery', DISCOVERY), listen, service !== null),
    peerStreams: peerStreams && compilePeerStreams(peerStreams, problems),
    limits: shapeOf('limits', LIMITS) ?? DEFAULT_LIMITS,
  };
}

type ShapeOf = <Schema extends v.GenericSchema>(
  key: TopLevelKey,
  schema: Schema,
) => v.InferOutput<Schema> | null;

/** Compiles every part that has a sound shape, so that its problems are told too; null where one part is missing. */
function compileService(shapeOf: ShapeOf, problems: Problems): Service | null {
  const identityShape = shapeOf('identity', IDENTITY);
  const trustShape = shapeOf('trust', TRUST);
  const couchdbShape = shapeOf('couchdb', COUCHDB);
  const policyShape = shapeOf('policy', POLICY);
  const stores = compileStores(shapeOf('files', FILES), problems);
  const trust = trustShape && compileTrust(trustShape, problems);
  const identity = identityShape && compileIdentity(identityShape, trust, problems);
  const couchdb = couchdbShape && compileCouchdb(couchdbShape, problems);
  const context = {
    cas: trustShape && new Set(Object.keys(trustShape.cas)),
    certs: trustShape && new Set(Object.keys(trustShape.certs)),
    credentials: couchdbShape && new Set(Object.keys(couchdbShape.credentials)),
  };
  const policy = policyShape && compilePolicy(policyShape, context, problems);
  return identity && trust && couchdb && policy && { ...trust, identity, couchdb, stores, policy };
}

function compileStores(shape: v.InferOutput<typeof FILES> | null, problems: Problems): readonly string[] {
  const stores = shape?.stores ?? [];
  for (const [index, store] of stores.entries()) {
    const path = ['files', 'stores', index];
    if (!ABSOLUTE_PATH.test(store) || /\/\.\.?(?:\/|$)/.test(store)) {
      problems.add(path, 'must be an absolute path without "." and ".."');
    }
    if (stores.indexOf(store) !== index) problems.add(path, 'is named twice');
  }
  return stores;
}
