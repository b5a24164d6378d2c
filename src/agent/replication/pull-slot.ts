// One job that is wanted: begun, begun again after failures with growing waits, and told of. Ends when it is closed.
import { retryDelayMs } from '../../core/replication/retries.js';
import { jobIdOf, type PullJob } from '../../core/replication/jobs.js';
import { NO_PROGRESS, type Pull, type PullProgress, type Puller } from './puller.js';
import { aborted, sleep } from '../wait.js';

export type PullState = 'starting' | 'pulling' | 'current' | 'failed';

export interface PullSlot {
  readonly job: PullJob;
  readonly state: PullState;
  readonly progress: PullProgress;
  /** Why the last run ended; null after one that works. */
  readonly reason: string | null;
  close(): Promise<void>;
}

export interface PullSlotOptions {
  readonly job: PullJob;
  readonly puller: Puller;
  readonly onEnd: (job: PullJob, reason: string) => void;
}

export function openPullSlot({ job, puller, onEnd }: PullSlotOptions): PullSlot {
  const closing = new AbortController();
  // One listener, however often it is begun again.
  const closed = aborted(closing.signal);
  let pull: Pull | null = null;
  const isClosing = (): boolean => closing.signal.aborted;
  let failures = 0;
  let reason: string | null = null;
  const before = { read: 0, written: 0, failed: 0 };

  async function run(): Promise<void> {
    for (;;) {
      const ended = await runOnce();
      if (isClosing()) return;
      if (ended !== reason) onEnd(job, ended);
      reason = ended;
      failures += 1;
      await sleep(retryDelayMs(failures), closing.signal);
      if (isClosing()) return;
    }
  }

  async function runOnce(): Promise<string> {
    try {
      pull = await puller.start(job);
      const ended = await Promise.race([pull.ended, closed]);
      await pull.cancel();
      return ended ?? 'it ended';
    } catch (error) {
      return error instanceof Error ? error.message : 'it cannot be begun';
    } finally {
      keepCounts();
    }
  }

  /** So that what is told does not begin at nothing with each run. */
  function keepCounts(): void {
    const { read, written, failed } = pull?.progress ?? NO_PROGRESS;
    if (read > 0 || pull?.progress.isCurrent === true) failures = 0;
    before.read += read;
    before.written += written;
    before.failed += failed;
    pull = null;
  }

  const running = run();
  return {
    job,
    get state() {
      if (pull === null) return reason === null ? 'starting' : 'failed';
      return pull.progress.isCurrent ? 'current' : 'pulling';
    },
    get progress() {
      const now = pull?.progress ?? NO_PROGRESS;
      return {
        read: before.read + now.read,
        written: before.written + now.written,
        failed: before.failed + now.failed,
        pending: now.pending,
        isCurrent: now.isCurrent,
      };
    },
    get reason() {
      return reason;
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

export const isSameJob = (one: PullJob, other: PullJob): boolean =>
  jobIdOf(one) === jobIdOf(other) && one.credential === other.credential && one.design === other.design;
