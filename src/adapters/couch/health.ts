// Whether the upstream is there, and its version: from a look that is never older than a few seconds, however often
// peers ask.
import type { Upstream } from './upstream.js';

export interface Health {
  readonly up: boolean;
  readonly version: string | null;
}

export interface HealthWatch {
  /** The last look, renewed first where it is too old. Never rejects. */
  recent(): Promise<Health>;
  /** The last look, however old; null before the first. */
  last(): Health | null;
}

const MAX_AGE_MS = 5000;
const SERVER_VERSION = /^CouchDB\/(\S+)/;
const OK = 200;
/** It is there, and wants a login even here. */
const UNAUTHORIZED = 401;

export function createHealthWatch(upstream: Upstream): HealthWatch {
  let last: (Health & { readonly at: number }) | null = null;
  let looking: Promise<Health> | null = null;

  async function look(): Promise<Health> {
    const health = await readHealth(upstream);
    last = { ...health, at: performance.now() };
    return health;
  }

  return {
    recent() {
      if (last !== null && performance.now() - last.at <= MAX_AGE_MS) return Promise.resolve(last);
      looking ??= look().finally(() => (looking = null));
      return looking;
    },
    last: () => last,
  };
}

async function readHealth(upstream: Upstream): Promise<Health> {
  try {
    const { status, server, body } = await upstream.ask({ path: '/', credential: { kind: 'none' } });
    const version = body?.['version'] ?? SERVER_VERSION.exec(server ?? '')?.[1];
    return {
      up: status === OK || status === UNAUTHORIZED,
      version: typeof version === 'string' ? version : null,
    };
  } catch {
    return { up: false, version: null };
  }
}
