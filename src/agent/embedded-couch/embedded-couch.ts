// The embedded CouchDB for a first run, as its owner sees it: a child process that is started, kept running on the
// one port, and stopped. For trying things; real use is Apache CouchDB.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { sleep } from '../wait.js';
import {
  parseChildMessage,
  type Admin,
  type ChildConfig,
  type ChildMessage,
  type FatalCode,
} from './messages.js';

export interface EmbeddedCouchOptions {
  /** Where the databases are; absolute, made when it is not there. */
  readonly folder: string;
  /** On 127.0.0.1; 0 lets the system choose, once. */
  readonly port: number;
  /** The server's one admin for this run; nothing of it is stored. */
  readonly admin: Admin;
  readonly onEvent: (event: EmbeddedCouchEvent) => void;
}

export type EmbeddedCouchEvent =
  | { readonly event: 'listening'; readonly port: number; readonly pid: number }
  | (Exit & { readonly event: 'died'; readonly restartInMs: number });

export interface EmbeddedCouch {
  readonly url: string;
  readonly port: number;
  /** Lets requests finish, closes the databases, and resolves when the process is gone. */
  close(): Promise<void>;
}

export class EmbeddedCouchError extends Error {
  readonly code: FatalCode | 'died';
  constructor(code: EmbeddedCouchError['code'], reason: string) {
    super(reason);
    this.code = code;
  }
}

const HOST = '127.0.0.1';
const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 30_000;
/** Who ran for this long begins anew with the shortest delay. */
const HEALTHY_MS = 60_000;
/** After SIGTERM; the child's own drain is shorter. */
const KILL_AFTER_MS = 5_000;

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  /** The first thing that it said; null when it ended without a word. */
  readonly firstMessage: Promise<ChildMessage | null>;
  readonly exited: Promise<Exit>;
}

/** Resolves when the server listens. Rejects with an `EmbeddedCouchError` when it cannot start. */
export async function startEmbeddedCouch(options: EmbeddedCouchOptions): Promise<EmbeddedCouch> {
  let child = startChild(options, options.port);
  const port = await portOf(child);
  const closing = new AbortController();
  const isClosing = (): boolean => closing.signal.aborted;

  async function keepRunning(): Promise<void> {
    let delayMs = FIRST_RESTART_MS;
    for (;;) {
      const startedAt = performance.now();
      const exit = await child.exited;
      if (isClosing()) return;
      if (performance.now() - startedAt > HEALTHY_MS) delayMs = FIRST_RESTART_MS;
      options.onEvent({ event: 'died', ...exit, restartInMs: delayMs });
      await sleep(delayMs, closing.signal);
      if (isClosing()) return;
      delayMs = Math.min(delayMs * 2, MAX_RESTART_MS);
      child = startChild(options, port);
    }
  }

  const kept = keepRunning();
  return {
    url: `http://${HOST}:${port}/`,
    port,
    async close() {
      closing.abort();
      child.process.kill('SIGTERM');
      const kill = setTimeout(() => child.process.kill('SIGKILL'), KILL_AFTER_MS);
      await Promise.all([child.exited, kept]);
      clearTimeout(kill);
    },
  };
}

function startChild({ folder, admin, onEvent }: EmbeddedCouchOptions, port: number): Child {
  // An environment of its own: nothing there may change what node runs.
  const child = spawn(process.execPath, [CHILD], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { NODE_ENV: 'production' },
    cwd: '/',
  });
  const config: ChildConfig = { folder, port, admin };
  // A child that is gone says so by its exit. Its stdin stays open: when it ends, the parent is gone.
  child.stdin.on('error', () => undefined).write(`${JSON.stringify(config)}\n`);
  const exited = once(child, 'exit').then(
    ([code, signal]: unknown[]) => ({ code, signal }) as Exit,
    () => ({ code: null, signal: null }),
  );
  const firstMessage = new Promise<ChildMessage | null>((resolve) => {
    const lines = createInterface({ input: child.stdout });
    lines
      .on('close', () => resolve(null))
      .on('line', (line) => {
        const message = parseChildMessage(line);
        if (message === null) return;
        if (message.event === 'listening') onEvent({ ...message, pid: child.pid ?? 0 });
        resolve(message);
      });
  });
  return { process: child, firstMessage, exited };
}

/** The port that the first child listens on; there is no second try for one that cannot start. */
async function portOf({ firstMessage, exited }: Child): Promise<number> {
  const message = await firstMessage;
  if (message?.event === 'listening') return message.port;
  const { code, signal } = await exited;
  if (message === null)
    throw new EmbeddedCouchError('died', `the embedded database ended: ${String(code ?? signal)}`);
  throw new EmbeddedCouchError(message.code, message.reason);
}
