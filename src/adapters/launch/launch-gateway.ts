// Starts a gateway as a child process and speaks the control channel with it: for the agent, and for a desktop app
// that takes the agent's place. Every line that comes back is a stranger's: bounded, parsed, and typed here.
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createLineSplitter, MAX_LINE_BYTES } from '../../core/control/lines.js';
import type { TimedEvent } from '../../core/control/protocol.js';
import { isObject } from '../../core/env/env.js';
import type { Problem } from '../../core/env/problems.js';
import { createEventQueue } from './event-queue.js';
import { PERMISSION_FLAGS } from './node-flags.js';
import { PROFILE, runProcess, startProcess } from './start.js';
import type { StartedGateway } from './started.js';
import { connectToUnit } from './unit.js';

export interface LaunchOptions {
  /** Another gateway executable than this package's own. */
  readonly executable?: string;
  /** Refuse to run a gateway that its AppArmor profile does not confine. */
  readonly requireConfinement?: boolean;
  /**
   * Start it in a systemd unit of its own, of this user's manager: that of patchcord-gateway.socket. It logs to the
   * journal, what the unit says is started, and no socket can be passed.
   */
  readonly inOwnUnit?: boolean;
  /** A listening Unix socket of this process, which the gateway gets as fd 3: for `"peerStreams": {"fd": 3}`. */
  readonly peerStreamsFd?: number;
  /** Ends the gateway when it is aborted. */
  readonly signal?: AbortSignal;
  /** Hears each line that the gateway logs; without it they go to this process's stderr. */
  readonly onLog?: (line: string) => void;
}

export type ReadyEvent = Extract<TimedEvent, { event: 'ready' }>;

export interface Gateway {
  readonly ready: ReadyEvent;
  /** Every event after `ready`, until the gateway ends. What nobody reads is kept up to a bound, then dropped. */
  readonly events: AsyncIterable<TimedEvent>;
  /** Resolves with the result; rejects with a `GatewayError` that has the JSON-RPC code, or when the gateway ended. */
  call(method: string, params?: unknown): Promise<unknown>;
  /** Ends it in good order; resolves with its exit code: null after a signal, and in a unit of its own. */
  stop(): Promise<number | null>;
  /** Resolves with the exit code when it ends, for whatever reason. */
  readonly exited: Promise<number | null>;
  /** Of the child process; null in a unit of its own. */
  readonly pid: number | null;
}

/** The gateway said no: to its env (`problems`, `exitCode`), or to a call (`code`, and the problems of a reload). */
export class GatewayError extends Error {
  readonly problems: readonly Problem[];
  readonly code: number | null;
  readonly exitCode: number | null;
  constructor(
    message: string,
    details: { problems?: readonly Problem[]; code?: number; exitCode?: number | null } = {},
  ) {
    super(message);
    this.name = 'GatewayError';
    this.problems = details.problems ?? [];
    this.code = details.code ?? null;
    this.exitCode = details.exitCode ?? null;
  }
}

/** It runs, and not under its profile, which `requireConfinement` asked for; it was ended again. */
export class NotConfined extends GatewayError {}

const GATEWAY = fileURLToPath(new URL('../../../bin/patchcord-gateway', import.meta.url));
const OWN = [process.execPath, ...PERMISSION_FLAGS, GATEWAY];
/** Longer than the gateway's own drain. */
const STOP_MS = 15_000;

/** Launches a gateway with `env` on its stdin. Rejects with a `GatewayError` of every problem in the env. */
export async function launchGateway(env: unknown, options: LaunchOptions = {}): Promise<Gateway> {
  options.signal?.throwIfAborted();
  const child = await start(options);
  const events = createEventQueue<TimedEvent>();
  const calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let isOver = false;

  const { exited } = child;
  // A gateway that ended reads no more; its end is told by `exited`.
  child.stdin.on('error', () => undefined);
  const onAbort = (): void => void stop();
  options.signal?.addEventListener('abort', onAbort);
  void exited.then(() => {
    options.signal?.removeEventListener('abort', onAbort);
    events.end();
    isOver = true;
    for (const { reject } of calls.values()) reject(new GatewayError('the gateway ended'));
    calls.clear();
  });

  async function stop(): Promise<number | null> {
    child.stdin.end();
    const deadline = setTimeout(child.kill, STOP_MS);
    const code = await exited;
    clearTimeout(deadline);
    return code;
  }

  const first = new Promise<TimedEvent>((resolve) => {
    let isFirst = true;
    readLines(child.stdout, (line) => {
      if ('event' in line) {
        const isEnd = line.event === 'ready' || line.event === 'fatal';
        if (isFirst && isEnd) resolve(line);
        if (isEnd) isFirst = false;
        if (line.event !== 'ready') events.push(line);
      } else settleCall(calls, line);
    });
  });

  child.stdin.write(`${JSON.stringify(env)}\n`);
  const event = await Promise.race([first, exited]);
  if (event === null || typeof event === 'number' || event.event !== 'ready') {
    const problems = typeof event === 'object' && event?.event === 'fatal' ? event.problems : [];
    const exitCode = await exited;
    options.signal?.throwIfAborted();
    throw new GatewayError(describe(problems), { problems, exitCode });
  }
  if (options.requireConfinement === true && !event.confinedBy.includes(`apparmor:${PROFILE}`))
    throw new NotConfined('the gateway is not confined by its profile', { exitCode: await stop() });

  return {
    ready: event,
    events,
    exited,
    pid: child.pid,
    call: (method, params) =>
      new Promise((resolve, reject) => {
        if (isOver) throw new GatewayError('the gateway ended');
        const id = (lastId += 1);
        calls.set(id, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      }),
    stop,
  };
}

/** This package's gateway with this process's stdin, stdout and stderr, confined as well as it can be. */
export const runGateway = (): Promise<number | null> => runProcess({ command: OWN, profile: PROFILE });

async function start(options: LaunchOptions): Promise<StartedGateway> {
  const { executable, inOwnUnit, onLog, peerStreamsFd } = options;
  const started =
    inOwnUnit === true
      ? await connectToUnit().catch(refuseUnit)
      : startProcess({
          command: executable === undefined ? OWN : [executable],
          profile: executable === undefined ? PROFILE : null,
          fd: peerStreamsFd,
        });
  const splitter = createLineSplitter();
  started.stderr?.on('data', (bytes: Buffer) => {
    for (const line of splitter.push(bytes)) if (line !== null) (onLog ?? logToStderr)(line);
  });
  return started;
}

function refuseUnit(error: unknown): never {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
  throw new GatewayError(`patchcord-gateway.socket of systemd does not answer (${reason})`);
}

const logToStderr = (line: string): void => void process.stderr.write(`${line}\n`);

const describe = (problems: readonly Problem[]): string =>
  problems.length === 0
    ? 'the gateway ended before it was ready'
    : `the gateway did not start: ${problems.map(({ path, reason }) => `${path} ${reason}`).join('; ')}`;

type Line =
  TimedEvent | { readonly id: number; readonly result?: unknown; readonly error?: Record<string, unknown> };

/** What the child says, line by line; a line that is too long, or is neither event nor answer, is passed over. */
function readLines(stdout: Readable, onLine: (line: Line) => void): void {
  const splitter = createLineSplitter(MAX_LINE_BYTES);
  stdout.on('data', (bytes: Buffer) => {
    for (const text of splitter.push(bytes)) {
      const line = parseLine(text);
      if (line !== null) onLine(line);
    }
  });
}

function parseLine(text: string | null): Line | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!isObject(value)) return null;
    if (typeof value['event'] === 'string' && typeof value['time'] === 'string')
      return value as unknown as TimedEvent;
    return typeof value['id'] === 'number' ? (value as unknown as Line) : null;
  } catch {
    return null;
  }
}

function settleCall(
  calls: Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>,
  { id, result, error }: Exclude<Line, TimedEvent>,
): void {
  const call = calls.get(id);
  calls.delete(id);
  if (error === undefined) return call?.resolve(result);
  const data = isObject(error['data']) ? error['data'] : {};
  const problems = Array.isArray(data['problems']) ? (data['problems'] as Problem[]) : [];
  const code = typeof error['code'] === 'number' ? error['code'] : 0;
  call?.reject(new GatewayError(String(error['message']), { problems, code }));
}
