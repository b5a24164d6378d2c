// Work that several ask for at once is done once, and dropped when nobody waits for it any more.

export interface Shared<Key, Result> {
  /** The result for `key`, of work under way or begun now. Rejects as the work does, or with the signal's reason. */
  get(key: Key, signal: AbortSignal): Promise<Result>;
}

interface Job<Result> {
  readonly result: Promise<Result>;
  readonly abandoned: AbortController;
  askers: number;
}

/** Shares `work` among those who ask for the same key; its signal is aborted when the last of them has left. */
export function createShared<Key, Result>(
  work: (key: Key, signal: AbortSignal) => Promise<Result>,
): Shared<Key, Result> {
  const jobs = new Map<Key, Job<Result>>();

  const begin = (key: Key): Job<Result> => {
    const abandoned = new AbortController();
    const job = { result: work(key, abandoned.signal), abandoned, askers: 0 };
    jobs.set(key, job);
    return job;
  };
  const leave = (key: Key, job: Job<Result>): void => {
    job.askers--;
    if (job.askers > 0) return;
    // At once, so that who asks next is not given work that is being dropped.
    if (jobs.get(key) === job) jobs.delete(key);
    job.abandoned.abort();
  };

  return {
    async get(key, signal) {
      signal.throwIfAborted();
      const job = jobs.get(key) ?? begin(key);
      job.askers++;
      try {
        return await orAborted(job.result, signal);
      } finally {
        leave(key, job);
      }
    },
  };
}

function orAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
