// Which blobs are fetched unasked, whom one may be asked from, and how much room stays free.
import { grantOf, type Policy, type Role } from '../policy/policy.js';
import { foreignRoles } from '../policy/role-of.js';
import type { WantedBlob } from './wanted.js';

const GIB = 1024 ** 3;
/** What stays free on the disk, whichever is less: design section 8. */
const KEEP_FREE_SHARE = 0.1;
const KEEP_FREE_BYTES = 5 * GIB;
/** For blobs that only databases name in which others may write. */
export const DEFAULT_QUOTA_BYTES = 10 * GIB;

export interface FetchRules {
  /** Names of databases, or their beginnings and "*": whose blobs come unasked. */
  readonly databases: readonly string[];
  /** A larger one comes only on demand; null for any size. */
  readonly maxFileBytes: number | null;
  readonly quotaBytes: number;
  /** Null: 10 % of the disk or 5 GiB, whichever is less. */
  readonly keepFreeBytes: number | null;
}

export const DEFAULT_FETCH_RULES: FetchRules = {
  databases: ['*'],
  maxFileBytes: null,
  quotaBytes: DEFAULT_QUOTA_BYTES,
  keepFreeBytes: null,
};

export const keepFreeBytes = (rules: Pick<FetchRules, 'keepFreeBytes'>, diskBytes: number): number =>
  rules.keepFreeBytes ?? Math.min(KEEP_FREE_BYTES, Math.floor(diskBytes * KEEP_FREE_SHARE));

const covers = (pattern: string, database: string): boolean =>
  pattern.endsWith('*') ? database.startsWith(pattern.slice(0, -1)) : pattern === database;

/** `unasked`: fetched as it is; `quota`: as long as those like it stay under the quota; `on-demand`: when asked for. */
export type FetchClass = 'unasked' | 'quota' | 'on-demand';

/** Whoever may write documents can name any blob: what only others' databases name counts on the quota. */
export function classOf(
  { databases, isDemanded }: WantedBlob,
  rules: FetchRules,
  policy: Policy,
): FetchClass {
  if (isDemanded) return 'unasked';
  const chosen = [...databases].filter((name) => rules.databases.some((pattern) => covers(pattern, name)));
  if (chosen.length === 0) return 'on-demand';
  const others = foreignRoles(policy);
  const isShared = (name: string): boolean => others.some((role) => grantOf(role, name)?.access === 'write');
  return chosen.every(isShared) ? 'quota' : 'unasked';
}

/** A peer learns by being asked that this device wants a blob: only what it could read of anyway. */
export const mayAsk = (role: Role, { databases }: WantedBlob): boolean =>
  [...databases].some((name) => grantOf(role, name) !== null);

export type Hold = 'too-large' | 'over-quota' | 'no-room';

/** Why a blob is not fetched now; null when nothing speaks against it. */
export function holdOf(
  blob: {
    readonly size: number;
    readonly missingBytes: number;
    readonly isDemanded: boolean;
    readonly class: FetchClass;
  },
  rules: FetchRules,
  disk: { readonly freeBytes: number; readonly diskBytes: number; readonly quotaUsedBytes: number },
): Hold | null {
  if (!blob.isDemanded && rules.maxFileBytes !== null && blob.size > rules.maxFileBytes) return 'too-large';
  if (blob.class === 'quota' && disk.quotaUsedBytes + blob.size > rules.quotaBytes) return 'over-quota';
  return disk.freeBytes - blob.missingBytes < keepFreeBytes(rules, disk.diskBytes) ? 'no-room' : null;
}
