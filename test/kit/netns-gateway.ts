// An executable that starts this package's gateway at the other end of the cables.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OtherEnd } from './netns.js';

const GATEWAY = fileURLToPath(new URL('../../bin/patchcord-gateway', import.meta.url));

export interface FarExecutable {
  /** For `startGateway(env, { executable })`. */
  readonly path: string;
  remove(): void;
}

export interface FarOptions {
  /** How far the clock of that device is ahead. */
  readonly clockAheadMs?: number;
}

export function createFarExecutable({ pid }: OtherEnd, { clockAheadMs = 0 }: FarOptions = {}): FarExecutable {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-far-'));
  const path = join(folder, 'gateway');
  writeFileSync(join(folder, 'clock.mjs'), clockOf(clockAheadMs));
  const node = `'${process.execPath}' --import '${join(folder, 'clock.mjs')}'`;
  writeFileSync(path, `#!/bin/sh\nexec nsenter --net=/proc/${pid}/ns/net ${node} '${GATEWAY}'\n`);
  chmodSync(path, 0o700);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A process has no clock of its own on Linux, but for the steady ones: this is what the gateway knows of the time. */
const clockOf = (aheadMs: number): string => `
const { now } = Date;
globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length === 0 ? [now() + ${aheadMs}] : given));
  }
  static now = () => now() + ${aheadMs};
};
`;
