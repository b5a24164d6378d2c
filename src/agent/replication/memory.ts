// replication.json: what outlives a restart: what a person paused, which databases were made for peers, and the part of
// checkpoints' names that nobody else knows.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { readTextFile } from '../../adapters/home/private-file.js';
import { createProblems, parseShape } from '../../core/env/problems.js';
import { MAX_DATABASES_MADE } from '../../core/replication/jobs.js';
import { formatPause, isPaused, parsePause, type Pause } from '../../core/replication/pauses.js';
import { Failure } from '../cli/failure.js';

export interface ReplicationMemory {
  /** A peer that could guess the names of other peers' checkpoints could have changes skipped. */
  readonly salt: string;
  readonly made: readonly string[];
  readonly pauses: readonly Pause[];
  /** Rejects where it cannot be written; then the database must not be made. */
  noteMade(database: string): Promise<void>;
  /** False where that was so already. */
  pause(pause: Pause): Promise<boolean>;
  /** Takes back what covers no more than `pause` says; false where there was nothing. */
  resume(pause: Pause): Promise<boolean>;
}

const SALT_BYTES = 18;
const MAX_PAUSES = 4096;
const FILE = v.strictObject({
  salt: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  made: v.pipe(v.array(v.string()), v.maxLength(MAX_DATABASES_MADE)),
  paused: v.pipe(v.array(v.string()), v.maxLength(MAX_PAUSES)),
});

/** Fails for a file that is malformed. */
export async function openReplicationMemory(path: string): Promise<ReplicationMemory> {
  const known = parse((await readTextFile(path))?.text ?? null, path);
  const salt = known?.salt ?? randomBytes(SALT_BYTES).toString('base64url');
  const made = known?.made ?? [];
  let pauses = (known?.paused ?? []).map(parsePause).filter((pause) => pause !== null);
  const save = (): Promise<void> => {
    const file = { salt, made, paused: pauses.map(formatPause) };
    return writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`);
  };
  if (known === null) await save();
  const isSame = (one: Pause, other: Pause): boolean => formatPause(one) === formatPause(other);
  return {
    salt,
    made,
    get pauses() {
      return pauses;
    },
    async noteMade(database) {
      made.push(database);
      await save();
    },
    async pause(pause) {
      if (pauses.some((one) => isSame(one, pause)) || pauses.length >= MAX_PAUSES) return false;
      pauses = [...pauses, pause];
      await save();
      return true;
    },
    async resume(pause) {
      const rest = pauses.filter((one) => !covers(pause, one));
      const isLess = rest.length < pauses.length;
      pauses = rest;
      if (isLess) await save();
      return isLess;
    },
  };
}

/** Whether all that `inner` pauses is within `outer`. */
const covers = (outer: Pause, inner: Pause): boolean =>
  (outer.deviceId === null || outer.deviceId === inner.deviceId) &&
  (outer.database === null || outer.database === inner.database);

export const isJobPaused = ({ pauses }: ReplicationMemory, job: Parameters<typeof isPaused>[1]): boolean =>
  isPaused(pauses, job);

function parse(text: string | null, path: string): v.InferOutput<typeof FILE> | null {
  if (text === null) return null;
  const problems = createProblems();
  const file = parseShape(FILE, parseJson(text), [], problems);
  if (file !== null) return file;
  throw new Failure('config', 'replication', `${path} has problems`, {
    problems: problems.list,
    hint: 'Take it away: nothing is paused then, and what was replicated is compared once more.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
