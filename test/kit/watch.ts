// Starts a gateway whose memory, descriptors and timers can be looked at from outside.
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startGateway, type TestGateway } from './gateway.js';
import { eventually } from './until.js';

export interface Held {
  /** Of JavaScript objects, after garbage collection. */
  readonly heapBytes: number;
  /** By the kind that Node tells: sockets, timers, … */
  readonly resources: Readonly<Record<string, number>>;
  readonly descriptors: number;
}

export interface WatchedGateway extends TestGateway {
  held(): Promise<Held>;
}

const WATCHED = fileURLToPath(new URL('watched-gateway.js', import.meta.url));

/** `leaks`: it keeps something of every connection, on purpose. */
export async function startWatched(
  t: TestContext,
  env: unknown,
  { leaks = false } = {},
): Promise<WatchedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-watched-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const executable = join(folder, 'gateway');
  writeFileSync(
    executable,
    `#!/bin/sh\nexec '${process.execPath}' --expose-gc '${WATCHED}' ${leaks ? 'leak' : ''}\n`,
  );
  chmodSync(executable, 0o700);
  const gateway = await startGateway(env, { executable });
  const tellings = (): string[] => gateway.logs.filter((line) => line.startsWith('{"held"'));
  return Object.assign(gateway, {
    async held() {
      const already = tellings().length;
      process.kill(gateway.pid, 'SIGUSR2');
      const line = await eventually(() => tellings()[already] ?? null);
      const { held } = JSON.parse(line) as { held: Omit<Held, 'descriptors'> };
      return { ...held, descriptors: readdirSync(`/proc/${gateway.pid}/fd`).length };
    },
  });
}
