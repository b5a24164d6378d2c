// What CouchDB answers, read as far as it is needed: one that is killed in the middle, or another program on its port, may
// answer with anything.
import * as v from 'valibot';
import { CouchError, type LeafChanges } from './types.js';

const seq = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);
const LEAF_CHANGES = v.object({
  results: v.array(
    v.object({
      id: v.string(),
      changes: v.array(v.unknown()),
      deleted: v.fallback(v.boolean(), false),
    }),
  ),
  last_seq: seq,
});
const document = v.record(v.string(), v.unknown());
export const CHANGES = v.object({
  results: v.array(
    v.object({ id: v.string(), deleted: v.fallback(v.boolean(), false), doc: v.nullish(document, null) }),
  ),
  last_seq: v.union([v.string(), v.number()]),
});
export const ROWS = v.object({ rows: v.array(v.object({ doc: v.nullish(document, null) })) });
export const NAMES = v.array(v.string());

/** Throws `CouchError` for anything else than such an answer. */
export function parseAnswer<Schema extends v.GenericSchema>(
  schema: Schema,
  untrusted: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, untrusted);
  if (parsed.success) return parsed.output;
  throw new CouchError(null, 'what it answered makes no sense');
}

export function parseChanges(untrusted: unknown): LeafChanges {
  const { results, last_seq: lastSeq } = parseAnswer(LEAF_CHANGES, untrusted);
  const changes = results.map((row) => ({ id: row.id, isDeleted: row.deleted, leaves: row.changes.length }));
  return { changes, lastSeq };
}
