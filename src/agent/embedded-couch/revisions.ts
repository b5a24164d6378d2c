// Reads revisions of a document. PouchDB's own `latest` ends the process when it is asked of a revision that is not
// there, which is everyday replication.
import type { Document, OpenRevision, PouchDatabase } from './packages.js';

export interface RevisionOptions {
  readonly revs: boolean;
  /** For each revision that was asked for, the leaves that it has become. */
  readonly latest: boolean;
  readonly attachments: boolean;
  /** Attachments as buffers, not base64. */
  readonly binary: boolean;
}

/** The revisions, or what is missing of them; of a document that is not there all are, and `all` are none. */
export async function readRevisions(
  pouch: PouchDatabase,
  id: string,
  asked: readonly string[] | 'all',
  { latest, ...options }: RevisionOptions,
): Promise<readonly OpenRevision[]> {
  if (asked === 'all') return readAll(pouch, id, options);
  if (!latest) return pouch.get(id, { ...options, open_revs: asked });
  const leaves = await readAll(pouch, id, { revs: true });
  const found = asked.map((rev) => ({ rev, leaves: leavesOf(rev, leaves) }));
  const leafRevs = new Set(found.flatMap((entry) => entry.leaves));
  const revisions = await pouch.get(id, { ...options, open_revs: [...leafRevs] });
  return [
    ...revisions,
    ...found.flatMap((entry) => (entry.leaves.length === 0 ? { missing: entry.rev } : [])),
  ];
}

async function readAll(
  pouch: PouchDatabase,
  id: string,
  options: Partial<RevisionOptions>,
): Promise<readonly OpenRevision[]> {
  return pouch.get(id, { ...options, open_revs: 'all' }).catch((error: unknown) => {
    if ((error as { status?: unknown }).status === 404) return [];
    throw error;
  });
}

/** The leaves in whose histories a revision stands. */
const leavesOf = (rev: string, leaves: readonly OpenRevision[]): string[] =>
  leaves.flatMap((leaf) => ('ok' in leaf && historyOf(leaf.ok).includes(rev) ? (leaf.ok._rev ?? []) : []));

function historyOf(document: Document): string[] {
  const { start, ids } = document['_revisions'] as {
    readonly start: number;
    readonly ids: readonly string[];
  };
  return ids.map((hash, age) => `${start - age}-${hash}`);
}
