// Which blobs a principal may have: all, none, or those that a live document of certain databases names. Looked at
// before the disk, so that what is not allowed and what is not here are the same to the peer.
import { createBounded } from '../../core/bounded.js';
import { isObject } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
import type { BlobId } from '../../core/ids.js';
import type { FilesGrant, Role } from '../../core/policy/policy.js';
import { formatTarget } from '../../core/target.js';
import type { CouchGate } from './couch-gate.js';

export interface BlobPermission {
  /** Those of `ids` that the role may have. Rejects with a `Refusal` where the upstream cannot be asked. */
  allowed(role: Role, ids: readonly BlobId[]): Promise<ReadonlySet<BlobId>>;
  /** Forgets what it knew: a document may be gone, or a grant. */
  clear(): void;
}

const YES_MS = 10_000;
const NO_MS = 2_000;
const MAX_KNOWN = 65_536;

export function createBlobPermission(gate: () => CouchGate): BlobPermission {
  const known = createBounded<string, boolean>(MAX_KNOWN);

  async function ask(
    role: Role,
    databases: readonly string[],
    ids: readonly BlobId[],
  ): Promise<ReadonlySet<BlobId>> {
    const found = new Set<BlobId>();
    for (const database of databases) {
      const missing = ids.filter((id) => !found.has(id));
      if (missing.length === 0) break;
      await gate().require(role, { database, grant: null });
      const answer = await gate().ask(role, formatTarget([database, '_all_docs']), { keys: missing });
      for (const id of liveIds(answer)) if (missing.includes(id as BlobId)) found.add(id as BlobId);
    }
    return found;
  }

  return {
    async allowed(role, ids) {
      const { files } = role;
      if (files === 'all') return new Set(ids);
      if (files === 'none') return new Set();
      const keyOf = (id: BlobId): string => `${role.name} ${id}`;
      const answers = new Map(ids.map((id) => [id, known.get(keyOf(id))]));
      const unknown = ids.filter((id) => answers.get(id) === undefined);
      const found = await ask(role, files.referencedIn, unknown);
      for (const id of unknown) {
        answers.set(id, found.has(id));
        known.set(keyOf(id), found.has(id), { ttl: found.has(id) ? YES_MS : NO_MS });
      }
      return new Set(ids.filter((id) => answers.get(id) === true));
    },
    clear: () => known.clear(),
  };
}

/** The ids of rows of `_all_docs` with keys that stand for a document that exists and is not deleted. */
function liveIds(answer: Readonly<Record<string, unknown>> | null): string[] {
  const rows = answer?.['rows'];
  if (!Array.isArray(rows)) throw new Refusal('upstream-failed');
  return rows.flatMap((row: unknown) => {
    if (!isObject(row) || typeof row['id'] !== 'string' || !isObject(row['value'])) return [];
    return row['value']['deleted'] === true ? [] : [row['id']];
  });
}

/** Whether all that `before` could hold is still granted: only then may a download that it allowed go on. */
export function isStillGranted(before: FilesGrant, after: FilesGrant): boolean {
  if (after === 'all') return true;
  if (before === 'all' || after === 'none' || before === 'none') return false;
  return before.referencedIn.every((database) => after.referencedIn.includes(database));
}
