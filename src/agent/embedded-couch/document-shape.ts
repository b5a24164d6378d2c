// The members of a document that PouchDB acts on, checked before it sees them: what it does not expect there it meets
// where nobody catches, and the process ends.
import * as v from 'valibot';
import { require } from './problems.js';

const BASE64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/));
const INLINE = v.looseObject({
  content_type: v.string(),
  data: v.union([BASE64, v.instance(Buffer)]),
  revpos: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
const STUB = v.looseObject({ stub: v.literal(true), digest: v.optional(v.string()) });
/** PouchDB keys plain objects by the name. */
const NAME = v.pipe(v.string(), v.regex(/^(?!_).+/s));

const MAX_GENERATION = 1_000_000;
const GENERATION = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_GENERATION));
const HISTORY = v.pipe(
  v.looseObject({
    start: GENERATION,
    ids: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[^-]{1,128}$/))), v.minLength(1)),
  }),
  v.check(({ start, ids }) => ids.length <= start),
);

const DOCUMENT = v.looseObject({
  _deleted: v.optional(v.boolean()),
  _attachments: v.optional(v.record(NAME, v.union([INLINE, STUB]))),
  _revisions: v.optional(HISTORY),
});

/** The members that CouchDB gives a meaning to; others that begin with "_" it refuses. */
const MEMBERS = new Set([
  '_id',
  '_rev',
  '_attachments',
  '_conflicts',
  '_deleted',
  '_deleted_conflicts',
  '_local_seq',
  '_revisions',
  '_revs_info',
]);

/** Throws `document`. The id and the revision are judged where they come from. */
export function checkDocument(document: Record<string, unknown>): void {
  require('document', v.is(DOCUMENT, document));
  require('document', Object.keys(document).every((name) => !name.startsWith('_') || MEMBERS.has(name)));
}
