// What a peer can ask of the upstream: the whole of it, in one table. What no row names is refused, whether or not
// the database exists. The upstream never sees a request that did not match a row, nor a name that the row lacks.
import {
  ALL_DOCS_QUERY,
  ATTACHMENT_QUERY,
  BULK_GET_QUERY,
  CHANGES_QUERY,
  CREATE_DOCUMENT_QUERY,
  DELETE_DOCUMENT_QUERY,
  NO_QUERY,
  READ_DOCUMENT_QUERY,
  VIEW_QUERY,
  WRITE_DOCUMENT_QUERY,
} from './query-names.js';

/** What the grant must hold. `role`: any role at all. `exists`: the one case of `PUT /{db}`. */
export type Need = 'role' | 'exists' | 'read' | 'read+query' | 'write' | 'write+design';

/** What the body is, and so how it is judged (`bodies.ts`) and bounded. `none`: there may be none. */
export type BodyKind =
  | 'none'
  | 'json'
  | 'bulk-json'
  | 'bulk-documents'
  | 'new-document'
  | 'document'
  | 'local-document'
  | 'changes-filter'
  | 'keys'
  | 'attachment';

/** Who answers: the upstream, or the gateway by itself. */
export type Answer =
  | 'upstream'
  | 'changes'
  | 'local-document'
  | 'attachment'
  | 'welcome'
  | 'up'
  | 'all-databases'
  | 'database-exists';

export interface Operation {
  readonly methods: readonly string[];
  /** Literal segments, and `{db}`, `{doc}`, `{ddoc}`, `{local}`, `{view}`: one segment each; `{attachment}`: one or more. */
  readonly path: readonly string[];
  readonly needs: Need;
  readonly query: readonly string[];
  readonly body: BodyKind;
  readonly answer: Answer;
}

interface More {
  readonly query?: readonly string[];
  readonly body?: BodyKind;
  readonly answer?: Answer;
}

const row = (methods: string, path: string, needs: Need, more: More = {}): Operation => ({
  methods: methods.split(' '),
  path: path.split('/').filter((segment) => segment !== ''),
  needs,
  query: more.query ?? NO_QUERY,
  body: more.body ?? 'none',
  answer: more.answer ?? 'upstream',
});

const READ_DOCUMENT = { query: READ_DOCUMENT_QUERY };
const WRITE_DOCUMENT = { query: WRITE_DOCUMENT_QUERY, body: 'document' } as const;
const DELETE_DOCUMENT = { query: DELETE_DOCUMENT_QUERY };
const READ_ATTACHMENT = { query: ATTACHMENT_QUERY, answer: 'attachment' } as const;
const WRITE_ATTACHMENT = { query: ATTACHMENT_QUERY, body: 'attachment' } as const;
const DELETE_ATTACHMENT = { query: ATTACHMENT_QUERY };
const CHANGES = { query: CHANGES_QUERY, answer: 'changes' } as const;

// prettier-ignore
export const OPERATIONS: readonly Operation[] = [
  row('GET HEAD',   '/',                                     'role', { answer: 'welcome' }),
  row('GET HEAD',   '/_up',                                  'role', { answer: 'up' }),
  row('GET HEAD',   '/_all_dbs',                             'role', { answer: 'all-databases' }),
  row('PUT',        '/{db}',                                 'exists', { answer: 'database-exists' }),

  row('GET HEAD',   '/{db}',                                 'read'),
  row('GET',        '/{db}/_changes',                        'read', CHANGES),
  row('POST',       '/{db}/_changes',                        'read', { ...CHANGES, body: 'changes-filter' }),
  row('GET',        '/{db}/_all_docs',                       'read', { query: ALL_DOCS_QUERY }),
  row('POST',       '/{db}/_all_docs',                       'read', { query: ALL_DOCS_QUERY, body: 'keys' }),
  row('POST',       '/{db}/_bulk_get',                       'read', { query: BULK_GET_QUERY, body: 'bulk-json' }),
  row('POST',       '/{db}/_revs_diff',                      'read', { body: 'bulk-json' }),
  row('POST',       '/{db}/_missing_revs',                   'read', { body: 'bulk-json' }),
  row('POST',       '/{db}/_ensure_full_commit',             'read', { body: 'json' }),

  row('GET',        '/{db}/_local/{local}',                  'read', { answer: 'local-document' }),
  row('PUT',        '/{db}/_local/{local}',                  'read', { body: 'local-document', answer: 'local-document' }),

  row('GET HEAD',   '/{db}/_design/{ddoc}',                  'read', READ_DOCUMENT),
  row('PUT',        '/{db}/_design/{ddoc}',                  'write+design', WRITE_DOCUMENT),
  row('DELETE',     '/{db}/_design/{ddoc}',                  'write+design', DELETE_DOCUMENT),
  row('GET',        '/{db}/_design/{ddoc}/_view/{view}',     'read+query', { query: VIEW_QUERY }),
  row('POST',       '/{db}/_design/{ddoc}/_view/{view}',     'read+query', { query: VIEW_QUERY, body: 'json' }),
  row('GET HEAD',   '/{db}/_design/{ddoc}/{attachment}',     'read', READ_ATTACHMENT),
  row('PUT',        '/{db}/_design/{ddoc}/{attachment}',     'write+design', WRITE_ATTACHMENT),
  row('DELETE',     '/{db}/_design/{ddoc}/{attachment}',     'write+design', DELETE_ATTACHMENT),
  row('POST',       '/{db}/_find',                           'read+query', { body: 'json' }),
  row('POST',       '/{db}/_explain',                        'read+query', { body: 'json' }),

  row('POST',       '/{db}',                                 'write', { query: CREATE_DOCUMENT_QUERY, body: 'new-document' }),
  row('POST',       '/{db}/_bulk_docs',                      'write', { body: 'bulk-documents' }),

  row('GET HEAD',   '/{db}/{doc}',                           'read', READ_DOCUMENT),
  row('PUT',        '/{db}/{doc}',                           'write', WRITE_DOCUMENT),
  row('DELETE',     '/{db}/{doc}',                           'write', DELETE_DOCUMENT),
  row('GET HEAD',   '/{db}/{doc}/{attachment}',              'read', READ_ATTACHMENT),
  row('PUT',        '/{db}/{doc}/{attachment}',              'write', WRITE_ATTACHMENT),
  row('DELETE',     '/{db}/{doc}/{attachment}',              'write', DELETE_ATTACHMENT),
];

/** The rows of each method, in their order: the first that matches holds. */
const ROWS_BY_METHOD = new Map(
  [...new Set(OPERATIONS.flatMap(({ methods }) => methods))].map((method) => [
    method,
    OPERATIONS.filter(({ methods }) => methods.includes(method)),
  ]),
);

/** The row for a method and decoded segments, or null: then nobody may do this. */
export function operationFor(method: string, segments: readonly string[]): Operation | null {
  for (const row of ROWS_BY_METHOD.get(method) ?? []) if (matches(row.path, segments)) return row;
  return null;
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  const open = path.at(-1) === '{attachment}';
  if (open ? segments.length < path.length : segments.length !== path.length) return false;
  for (let index = 0; index < path.length; index++)
    if (!fits(path[index] ?? '', segments[index] ?? '')) return false;
  return true;
}

/** CouchDB keeps "_" at the start of a name for itself; only the ids below `_local/` may begin with it. */
function fits(pattern: string, segment: string): boolean {
  if (!pattern.startsWith('{')) return pattern === segment;
  return segment !== '' && (pattern === '{local}' || !segment.startsWith('_'));
}
