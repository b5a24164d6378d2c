// `_changes` with all leaves, read as far as it is needed.
import * as v from 'valibot';
import type { LeafChanges } from './types.js';

const seq = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);
const CHANGES = v.object({
  results: v.array(
    v.object({
      id: v.string(),
      changes: v.array(v.unknown()),
      deleted: v.fallback(v.boolean(), false),
    }),
  ),
  last_seq: seq,
});

export function parseChanges(untrusted: unknown): LeafChanges {
  const { results, last_seq: lastSeq } = v.parse(CHANGES, untrusted);
  const changes = results.map((row) => ({ id: row.id, isDeleted: row.deleted, leaves: row.changes.length }));
  return { changes, lastSeq };
}
