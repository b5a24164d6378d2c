// The home: whether it is there, closed to others, and who it says this is.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../cli/failure.js';
import { IDENTITY_FILES, readIdentity, type Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { attention, bad, good, type Finding } from './finding.js';

const OTHERS = 0o077;
const DAY_MS = 24 * 3_600_000;
const WARN_DAYS = 60;

/** What only this user may enter or read, where it is there. */
const privatePlaces = (paths: Paths): string[] => [
  paths.home,
  paths.identity,
  ...Object.values(IDENTITY_FILES).map((name) => join(paths.identity, name)),
  paths.credentials,
  paths.peerStreams,
  paths.retired,
  paths.runtime,
];

export async function checkModes(paths: Paths): Promise<Finding[]> {
  const open: string[] = [];
  for (const path of privatePlaces(paths)) {
    const stat = await lstat(path).catch(() => null);
    if (stat !== null && (stat.mode & OTHERS) !== 0) open.push(path);
  }
  if (open.length === 0) return [good('modes', 'keys and passwords can be read by this user alone')];
  return open.map((path) => bad('modes', `${path} is open to others`, `chmod go= ${path}`));
}

export interface IdentityCheck {
  readonly identity: Identity | null;
  readonly findings: readonly Finding[];
}

export async function checkIdentity(paths: Paths, now: Date): Promise<IdentityCheck> {
  try {
    const identity = await readIdentity(paths.identity);
    if (identity !== null) return { identity, findings: [checkDates(identity, now)] };
    const finding = attention('identity', 'there is no device here yet', 'patchcord init, or patchcord up');
    return { identity, findings: [finding] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Told with the other modes.
    if (error.code === 'wrong-mode') return { identity: null, findings: [] };
    return { identity: null, findings: [bad('identity', error.message, error.hint ?? '')] };
  }
}

/** A clock at its beginning, after an empty battery, makes every certificate wrong. */
function checkDates({ notBefore, notAfter }: Identity, now: Date): Finding {
  const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);
  const date = now.toISOString().slice(0, 10);
  if (now < notBefore)
    return bad('clock', `the clock says ${date}, before this device was made`, 'set the clock: timedatectl');
  if (days < 0)
    return bad(
      'clock',
      `the certificate ended, or the clock, which says ${date}, is wrong`,
      'look at the clock first: timedatectl',
    );
  if (days < WARN_DAYS)
    return attention(
      'clock',
      `the certificate ends in ${days} days`,
      'let the device that holds the user CA renew it',
    );
  return good('clock', `the clock says ${date}; the certificate is good for ${days} days more`);
}
