// The gateway as a process: env and control on stdin, events on stdout, logs on stderr, and its exit codes.
import { readFileSync } from 'node:fs';
import { readConfinedBy } from '../adapters/confinement/confined-by.js';
import { createEventWriter } from '../adapters/control/event-writer.js';
import { readLines } from '../adapters/control/line-reader.js';
import { createLog } from '../adapters/control/log.js';
import { tuneHeap } from '../adapters/heap/tune-heap.js';
import type { Problem } from '../core/env/problems.js';
import { serveControl } from './control.js';
import { BadEnv, isListenFailure, listenProblem, startGateway, type Gateway } from './gateway.js';

/** sysexits(3). */
const EX_OK = 0;
const EX_SOFTWARE = 70;
const EX_OSERR = 71;
const EX_CONFIG = 78;

/** How long the last events may take to be read. */
const FLUSH_MS = 1000;

export async function main(): Promise<void> {
  tuneHeap();
  const now = (): Date => new Date();
  const log = createLog(process.stderr, now, process.env['NO_COLOR'] !== undefined);
  const writer = createEventWriter(process.stdout, now);
  // Node starts its inspector at SIGUSR1, and an inspector could read the key.
  process.on('SIGUSR1', () => undefined);

  async function exit(code: number): Promise<never> {
    await Promise.race([writer.flush(), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
    process.exit(code);
  }
  async function fatal(problems: readonly Problem[], code: number): Promise<never> {
    writer.event({ event: 'fatal', problems });
    return exit(code);
  }
  process.on('uncaughtException', (error) => {
    log('error', 'the gateway failed', { name: error.name, stack: error.stack });
    void exit(EX_SOFTWARE);
  });

  const lines = readLines(process.stdin);
  const first = await lines.next();
  const line = first.done === true ? null : first.value;
  const raw = parseLine(line);
  if ('problem' in raw) return fatal([raw.problem], EX_CONFIG);

  const confinedBy = readConfinedBy();
  let gateway: Gateway;
  try {
    gateway = await startGateway(raw.env, {
      version: readVersion(),
      confinedBy,
      now,
      log,
      emit: (event) => writer.event(event),
      onFatal: (problems) => void fatal(problems, EX_CONFIG),
    });
  } catch (error) {
    if (error instanceof BadEnv) return fatal(error.problems, EX_CONFIG);
    if (isListenFailure(error)) return fatal([listenProblem(error)], EX_OSERR);
    throw error;
  }
  writer.event({
    event: 'ready',
    listeners: gateway.listeners(),
    confinedBy,
    peerStreams: gateway.peerStreams(),
  });

  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
  await Promise.race([serveControl(lines, writer, gateway), stopped]);
  await gateway.stop();
  writer.event({ event: 'stopped' });
  return exit(EX_OK);
}

function parseLine(line: string | null): { env: unknown } | { problem: Problem } {
  if (line === null) return { problem: { path: '$', reason: 'must be one line on stdin, of at most 1 MiB' } };
  try {
    return { env: JSON.parse(line) as unknown };
  } catch {
    return { problem: { path: '$', reason: 'must be JSON' } };
  }
}

function readVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
