// How a command ends when it cannot do what was asked: a code for programs, a sentence and what to do for people.
import { isObject } from '../../core/env/env.js';
import type { Problem } from '../../core/env/problems.js';

/** sysexits(3), and a few beside. */
export const EXIT = {
  ok: 0,
  /** A person was asked, and said no: nothing was changed. */
  declined: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  os: 71,
  cannotCreate: 73,
  io: 74,
  noPermission: 77,
  config: 78,
  /** Not of sysexits: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

/** When a command ends with which: what the manual pages and docs/exit-codes.md say. */
export const EXIT_MEANINGS: Record<ExitName, string> = {
  ok: 'it was done; Ctrl-C, for `up` and with `--watch`, is the way to end it',
  declined: 'it asked, and the answer was no: nothing was changed',
  usage: 'a wrong use: no such command, option or argument; or it has to ask, and there is no one to ask',
  data: 'what was given is not good, or names nothing: a name, an id, a code, a backup; or a file is not what its id says',
  noInput: 'what it needs is not there: a file, a folder, a database, a device',
  unavailable:
    'not now: `patchcord up`, CouchDB, another device or a store is away or busy; or `up` runs already',
  software: 'a failure that nobody foresaw',
  os: 'the system does not permit it: a port is taken, or too many files are open',
  cannotCreate: 'it is there already, or cannot be made there',
  io: 'something cannot be read or written: a file changed, the disk is full or has failed',
  noPermission:
    'this user may not, or not without what is missing: the user CA key, its passphrase, the administrator of CouchDB',
  config: 'the configuration or something in the home has problems, or `doctor` found something bad',
  interrupted: 'Ctrl-C or a signal ended it before it was done',
};

export interface FailureDetails {
  /** What to do about it. */
  readonly hint?: string;
  readonly problems?: readonly Problem[];
}

export class Failure extends Error {
  readonly exit: ExitName;
  /** A stable word, in kebab-case. */
  readonly code: string;
  readonly hint: string | null;
  readonly problems: readonly Problem[];
  constructor(exit: ExitName, code: string, message: string, { hint, problems = [] }: FailureDetails = {}) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
    this.code = code;
    this.hint = hint ?? null;
    this.problems = problems;
  }
}

/** The failure that an `up` answered with; null for what is none. */
export function parseFailure(data: unknown): Failure | null {
  if (!isObject(data)) return null;
  const { exit, code, message, hint } = data;
  if (typeof exit !== 'string' || !Object.hasOwn(EXIT, exit)) return null;
  return new Failure(
    exit as ExitName,
    String(code),
    String(message),
    typeof hint === 'string' ? { hint } : {},
  );
}
