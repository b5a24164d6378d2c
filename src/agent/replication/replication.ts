// Keeps what is pulled as it should be: decides anew whenever a peer, a database, the policy or a pause changed, makes
// databases that are missing, cancels what is not wanted and begins what is.
import { createStepper } from './stepper.js';
import type { DeviceId } from '../../core/ids.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import type { Policy } from '../../core/policy/policy.js';
import { roleOf } from '../../core/policy/role-of.js';
import { decideJobs, jobIdOf, type PresentPeer, type PullJob } from '../../core/replication/jobs.js';
import { isJobPaused, type ReplicationMemory } from './memory.js';
import type { WatchedPeer } from './peer-watch.js';
import type { Puller } from './puller.js';
import { isSameJob, openPullSlot, type PullSlot } from './pull-slot.js';

export interface ReplicationContext {
  readonly puller: Puller;
  readonly memory: ReplicationMemory;
  readonly peers: () => readonly WatchedPeer[];
  /** Null while it is not known what exists. */
  readonly databases: () => readonly string[] | null;
  readonly policy: () => Policy;
  readonly isRevoked: (leaf: KnownLeaf) => boolean;
  /** Rejects where it cannot be made. Null: nobody is there who could. */
  readonly makeDatabase: ((name: string) => Promise<void>) | null;
  readonly onEvent: (event: ReplicationEvent) => void;
}

export type ReplicationEvent =
  | {
      readonly event: 'pull-failed';
      readonly deviceId: DeviceId;
      readonly database: string;
      readonly reason: string;
    }
  | { readonly event: 'database-made'; readonly database: string; readonly deviceIds: readonly DeviceId[] }
  | { readonly event: 'database-not-made'; readonly database: string; readonly reason: string };

export interface Replication {
  readonly kind: Puller['kind'];
  /** Something that it decides by may have changed. */
  refresh(): void;
  /** What runs now. */
  list(): readonly PullSlot[];
  /** What is not run because a person said so. */
  paused(): readonly PullJob[];
  close(): Promise<void>;
}

export function createReplication(context: ReplicationContext): Replication {
  const { puller, memory, onEvent } = context;
  const slots = new Map<string, PullSlot>();
  const refused = new Set<string>();
  let paused: readonly PullJob[] = [];
  let isSwept = false;
  let isClosed = false;

  async function step(): Promise<void> {
    // What is closed before began nothing.
    if (!isSwept && isClosed) return;
    if (!isSwept) await puller.sweep();
    isSwept = true;
    const { jobs, make } = decide();
    for (const database of make) await makeOne(database);
    const wanted = jobs.filter((job) => !isJobPaused(memory, job));
    paused = jobs.filter((job) => isJobPaused(memory, job));
    await closeAll([...slots.values()].filter(({ job }) => !wanted.some((one) => isSameJob(one, job))));
    for (const job of wanted) if (!slots.has(jobIdOf(job))) begin(job);
  }

  function decide() {
    const { databases, policy } = context;
    const peers = isClosed ? [] : context.peers().flatMap((peer) => presentPeer(peer, context));
    return decideJobs({
      ...{ policy: policy(), peers },
      databases: new Set(databases() ?? []),
      madeBefore: memory.made.length,
    });
  }

  async function makeOne(database: string): Promise<void> {
    const { makeDatabase } = context;
    if (makeDatabase === null || context.databases() === null || refused.has(database)) return;
    try {
      await memory.noteMade(database);
      await makeDatabase(database);
      const deviceIds = context.peers().filter(({ offers }) => offers.includes(database));
      onEvent({ event: 'database-made', database, deviceIds: deviceIds.map(({ deviceId }) => deviceId) });
    } catch (error) {
      refused.add(database);
      onEvent({ event: 'database-not-made', database, reason: error instanceof Error ? error.message : '' });
    }
  }

  function begin(job: PullJob): void {
    const onEnd = ({ deviceId, database }: PullJob, reason: string): void =>
      onEvent({ event: 'pull-failed', deviceId, database, reason });
    slots.set(jobIdOf(job), openPullSlot({ job, puller, onEnd }));
  }

  async function closeAll(some: readonly PullSlot[]): Promise<void> {
    for (const { job } of some) slots.delete(jobIdOf(job));
    await Promise.all(some.map((slot) => slot.close()));
  }

  const stepper = createStepper(step);
  return {
    get kind() {
      return puller.kind;
    },
    refresh: () => stepper.step(),
    list: () => [...slots.values()],
    paused: () => paused,
    async close() {
      isClosed = true;
      stepper.step();
      await stepper.close();
      await puller.close();
    },
  };
}

function presentPeer(
  { deviceId, leaf, isHere, offers }: WatchedPeer,
  { policy, isRevoked }: Pick<ReplicationContext, 'policy' | 'isRevoked'>,
): PresentPeer[] {
  const role = leaf === null || isRevoked(leaf) ? null : roleOf(policy(), leaf);
  return isHere && role !== null ? [{ deviceId, role, offers }] : [];
}
