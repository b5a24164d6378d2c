// The answer to `status`: what is served, to whom, and what was refused. No secret, and no name of a thing asked for.
import type { CredentialState } from '../core/couch/session.js';
import type { Env } from '../core/env/env.js';
import { nameOf } from './in/connections.js';
import type { CouchGate } from './in/couch-gate.js';
import type { Inbound } from './in/inbound.js';
import type { Outbound } from './out/outbound.js';
import type { Pairing } from './pair/pairing.js';
import type { Seen } from './seen/seen.js';

export interface StatusSources {
  readonly version: string;
  readonly confinedBy: readonly string[];
  readonly env: Env;
  readonly gate: CouchGate | null;
  readonly inbound: Inbound | null;
  readonly outbound: Outbound | null;
  readonly seen: Seen;
  readonly pairing: Pairing;
  readonly denied: Readonly<Record<string, number>>;
  readonly credentials: ReadonlyMap<string, CredentialState>;
}

export async function readStatus({
  version,
  confinedBy,
  env,
  gate,
  inbound,
  outbound,
  seen,
  pairing,
  denied,
  credentials,
}: StatusSources): Promise<unknown> {
  const identity = env.service?.identity ?? null;
  return {
    version,
    identity: identity && {
      userId: identity.userId,
      deviceId: identity.deviceId,
      name: identity.name,
      notAfter: identity.leaf.notAfter.toISOString(),
    },
    listeners: inbound?.listeners.list() ?? [],
    confinedBy,
    upstream: gate && { health: gate.health(), credentials: Object.fromEntries(credentials) },
    stores: (await inbound?.stores().status()) ?? [],
    connections: [...(inbound?.connections.list() ?? [])].map(({ principal, address, inFlight }) => ({
      principal: nameOf(principal),
      address,
      requests: inFlight.length,
    })),
    discovery: seen.status(),
    pairing: pairing.status(),
    peerStreams: outbound?.door ?? null,
    peers: outbound?.status() ?? [],
    denied,
  };
}
