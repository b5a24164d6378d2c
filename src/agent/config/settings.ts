// config.json, read and judged: every problem in it is told at once. What the rest of the agent gets are `Settings`,
// with the defaults filled in.
import { hostname } from 'node:os';
import * as v from 'valibot';
import { readTextFile } from '../../adapters/home/private-file.js';
import { createProblems, formatPath, parseShape, type Problem } from '../../core/env/problems.js';
import { IDENTITY } from '../../core/env/shape.js';
import { trustCouch } from '../../adapters/couch-client/https-relay.js';
import { Failure } from '../cli/failure.js';
import type { Listen } from '../../core/env/env.js';
import type { Paths } from '../home/paths.js';
import { checkSettings } from './check.js';
import { createDefaultPolicy } from './default-policy.js';
import { CONFIG } from './shape.js';
import type { Settings } from './types.js';

export type { Policy, Settings } from './types.js';

type Shape = v.InferOutput<typeof CONFIG>;

/** What a command line says over the file. */
export interface Overrides {
  readonly listenOn?: Listen['on'];
  readonly port?: number;
}

const FALLBACK_NAME = 'this device';
const MAX_CONFIG_CHARACTERS = 1024 * 1024;

/** Settings of the file at `paths.config`, or the defaults where there is none. Fails with all problems of the file. */
export async function readSettings(paths: Paths, overrides: Overrides = {}): Promise<Settings> {
  const file = await readTextFile(paths.config);
  const { settings, problems } = parseSettings(file?.text ?? '{}', paths, overrides);
  const hasPassword = (settings?.couchdb?.admin ?? null) !== null;
  const all = hasPassword && file?.isPrivate === false ? [...problems, NOT_PRIVATE] : problems;
  if (settings !== null && all.length === 0) {
    // Whoever speaks with CouchDB from here on has nothing but its URL.
    if (settings.couchdb !== null) trustCouch(settings.couchdb.url, settings.couchdb.tls);
    return settings;
  }
  throw new Failure('config', 'config', `the configuration in ${paths.config} has problems`, {
    problems: all,
  });
}

const NOT_PRIVATE: Problem = {
  path: formatPath(['couchdb', 'admin']),
  reason: 'holds a password, and others can read the file: chmod 600',
};

export interface ParsedSettings {
  /** Null where the shape has problems. */
  readonly settings: Settings | null;
  readonly problems: readonly Problem[];
}

export function parseSettings(text: string, paths: Paths, overrides: Overrides = {}): ParsedSettings {
  const problems = createProblems();
  const raw = parseJson(text);
  if (raw === undefined) problems.add([], 'must be JSON, of at most 1 MiB');
  const shape = raw === undefined ? null : parseShape(CONFIG, raw, [], problems);
  if (shape === null) return { settings: null, problems: problems.list };
  const settings = fillIn(shape, paths, overrides);
  return { settings, problems: checkSettings(settings) };
}

function parseJson(text: string): unknown {
  try {
    return text.length > MAX_CONFIG_CHARACTERS ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function fillIn(shape: Shape, paths: Paths, { listenOn, port }: Overrides): Settings {
  return {
    name: shape.name ?? hostName(),
    listen: {
      on: listenOn ?? shape.listen.on,
      port: port ?? shape.listen.port,
    },
    couchdb: shape.couchdb === undefined ? null : couchdbOf(shape.couchdb),
    stores: shape.files?.stores ?? [paths.store],
    trust: shape.trust,
    policy: shape.policy ?? createDefaultPolicy(shape.directory),
    directory: shape.directory,
    discovery: shape.discovery,
    peerStreams: shape.peerStreams,
    fetch: shape.fetch,
    limits: shape.limits ?? null,
  };
}

const couchdbOf = ({ url, serverName, ca, admin }: NonNullable<Shape['couchdb']>): Settings['couchdb'] => ({
  url,
  tls: { ...(serverName !== undefined && { serverName }), ...(ca !== undefined && { ca }) },
  admin: admin ?? null,
});

const hostName = (): string => {
  const name = v.safeParse(IDENTITY.entries.name, hostname());
  return name.success ? name.output : FALLBACK_NAME;
};
