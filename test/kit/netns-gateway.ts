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

export function createFarExecutable({ pid }: OtherEnd): FarExecutable {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-far-'));
  const path = join(folder, 'gateway');
  writeFileSync(
    path,
    `#!/bin/sh\nexec nsenter --net=/proc/${pid}/ns/net '${process.execPath}' '${GATEWAY}'\n`,
  );
  chmodSync(path, 0o700);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
