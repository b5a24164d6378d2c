// Decides what is pulled, from whom and into what. This device's own policy decides: a peer can only offer. Pull only:
// nothing here ever writes to a peer.
import type { DeviceId } from '../ids.js';
import { grantOf, isDatabaseName, type Policy, type Role } from '../policy/policy.js';
import { ownRoles } from '../policy/role-of.js';

/** Databases that peers can have this device make, in all its life: whoever offers names must not fill a disk with them. */
export const MAX_DATABASES_MADE = 256;
/** Databases that are looked at of what one peer offers. */
export const MAX_OFFERS = 4096;

/** A peer that can be reached now, and is not revoked. */
export interface PresentPeer {
  readonly deviceId: DeviceId;
  /** By this device's own policy. */
  readonly role: Role;
  /** Databases that it gives this device to read. */
  readonly offers: readonly string[];
}

export interface PullJob {
  readonly deviceId: DeviceId;
  readonly database: string;
  /** The key of the credential that its changes are written with: that of the peer's role, which is no admin. */
  readonly credential: string;
  /** Whether design documents are asked for. */
  readonly design: boolean;
}

export interface JobsContext {
  readonly policy: Policy;
  readonly peers: readonly PresentPeer[];
  /** What exists here. */
  readonly databases: ReadonlySet<string>;
  /** How many were made for peers before. */
  readonly madeBefore: number;
}

export interface JobsPlan {
  readonly jobs: readonly PullJob[];
  /** Databases that are to be made first. */
  readonly make: readonly string[];
}

/** The name of a job, the same after every restart: what it goes by in `pause`, and what checkpoints hang on. */
export const jobIdOf = ({ deviceId, database }: Pick<PullJob, 'deviceId' | 'database'>): string =>
  `${deviceId}/${database}`;

/** An empty policy pulls nothing. */
export function decideJobs(context: JobsContext): JobsPlan {
  const jobs: PullJob[] = [];
  const make = new Set<string>();
  for (const peer of context.peers) {
    for (const database of new Set(peer.offers.slice(0, MAX_OFFERS))) {
      const job = jobFor(peer, database);
      if (job === null) continue;
      if (context.databases.has(database)) jobs.push(job);
      else if (mayMake(context, database, make)) make.add(database);
    }
  }
  return { jobs, make: [...make] };
}

function jobFor({ deviceId, role }: PresentPeer, database: string): PullJob | null {
  if (!isDatabaseName(database)) return null;
  const grant = grantOf(role, database);
  if (grant?.access !== 'write' || role.credential === null) return null;
  return { deviceId, database, credential: role.credential, design: grant.design };
}

function mayMake({ policy, madeBefore }: JobsContext, database: string, made: ReadonlySet<string>): boolean {
  if (made.has(database) || madeBefore + made.size >= MAX_DATABASES_MADE) return false;
  return ownRoles(policy).some((role) => grantOf(role, database)?.access === 'write');
}
