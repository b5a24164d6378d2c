// Owns the threads that hash leaves: at most so many, begun when there is work, ended when there is none for a while.
import { Worker } from 'node:worker_threads';

/** Leaf `index` of the file behind `fd`: `length` bytes from `index` times 8 MiB on. */
export interface FileLeaf {
  readonly fd: number;
  readonly index: number;
  readonly length: number;
}

/** Leaf `index`, in memory that threads share: nobody may write into it until its digest is there. */
export interface SharedLeaf {
  readonly index: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

export type LeafJob = FileLeaf | SharedLeaf;

/** What a thread does at once: two leaves beside each other are done sooner than one after the other. */
export type LeafJobs = readonly [LeafJob, LeafJob?];

export interface LeafThreads {
  /** So many jobs at a time keep all threads busy: two for each, and two more that are there when those are done. */
  readonly lanes: number;
  /**
   * The digest of a leaf, or null where the file ends too early or cannot be read; jobs are done in turn. When it
   * settles, no thread reads from `fd` or the memory for this job any more. Rejects when a thread breaks, or on close.
   */
  digest(job: LeafJob): Promise<Uint8Array | null>;
  /** Ends all threads. */
  close(): Promise<void>;
}

interface Task {
  readonly job: LeafJob;
  readonly resolve: (digest: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
}

/** None of this process's flags, which may be about its own script; but where it is under the permission model, so are they. */
const FLAGS = 'permission' in process ? {} : { execArgv: [] };
const SCRIPT = new URL('./leaf-worker.js', import.meta.url);

/** Threads keep the process alive while they have work, not when they are idle; after `idleMs` without any they end. */
export function createLeafThreads(threads: number, idleMs: number): LeafThreads {
  const waiting: Task[] = [];
  const busy = new Map<Worker, readonly Task[]>();
  const idle = new Set<Worker>();
  let closed = false;

  const end = (workers: Iterable<Worker>): Promise<unknown> =>
    Promise.all(Array.from(workers, (worker) => worker.terminate()));
  const endIdle = (): Promise<unknown> => {
    const ending = Array.from(idle);
    // At once, so that none of them is given a job while it ends.
    idle.clear();
    return end(ending);
  };
  const idleTimer = setTimeout(() => void endIdle(), idleMs).unref();

  const tasksOf = (worker: Worker): readonly Task[] => {
    const tasks = busy.get(worker) ?? [];
    busy.delete(worker);
    return tasks;
  };
  const begin = (): Worker => {
    const worker = new Worker(SCRIPT, FLAGS);
    worker.on('message', (digests: readonly (Uint8Array | null)[]) => {
      tasksOf(worker).forEach(({ resolve }, index) => resolve(digests[index] ?? null));
      worker.unref();
      idle.add(worker);
      idleTimer.refresh();
      next();
    });
    // What broke it is of no use to whoever waits; that it has ended is, and 'exit' follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      idle.delete(worker);
      for (const { reject } of tasksOf(worker)) reject(new Error('a thread that hashes has ended'));
      next();
    });
    return worker;
  };
  /** The system may have no thread more. */
  const idleOrNew = (): Worker | Error => {
    const [worker] = idle;
    try {
      return worker ?? begin();
    } catch (error) {
      return error as Error;
    }
  };
  const next = (): void => {
    const free = threads - busy.size;
    if (closed || free === 0) return;
    const tasks = waiting.splice(0, waiting.length > free ? 2 : 1);
    if (tasks.length === 0) return;
    const worker = idleOrNew();
    if (worker instanceof Error) {
      for (const { reject } of tasks) reject(worker);
      next();
      return;
    }
    idle.delete(worker);
    busy.set(worker, tasks);
    worker.ref();
    worker.postMessage(tasks.map(({ job }) => job));
  };

  return {
    lanes: 2 * threads + 2,
    digest: (job) =>
      new Promise((resolve, reject) => {
        if (closed) throw new Error('closed');
        waiting.push({ job, resolve, reject });
        // When those who ask at the same time have asked: there may be two for a thread.
        queueMicrotask(next);
      }),
    async close() {
      closed = true;
      clearTimeout(idleTimer);
      for (const task of waiting.splice(0)) task.reject(new Error('closed'));
      await Promise.all([end(busy.keys()), endIdle()]);
    },
  };
}
