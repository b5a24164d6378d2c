// Everything that the embedded server answers, in one table, with who may ask. What no row names is not there.
import { READ_DOCUMENT_QUERY, VIEW_QUERY } from '../../core/couch/query-names.js';
import { deleteAttachment, getAttachment, putAttachment } from './attachments.js';
import type { BodyKind } from './body.js';
import { bulkDocs, bulkGet, missingRevs, revsDiff } from './bulk.js';
import type { Call, DatabaseCall } from './call.js';
import {
  allDatabases,
  createDatabase,
  destroyDatabase,
  getSecurity,
  putSecurity,
  session,
  up,
  welcome,
} from './databases.js';
import { deleteDocument, postDocument, putDocument } from './documents.js';
import { answerChanges } from './feeds.js';
import { deleteLocalDocument, getLocalDocument, putLocalDocument } from './local-documents.js';
import { getDocument } from './open-revisions.js';

/** `anyone` needs no credentials; the last two enter the database that the path begins with. */
export type Need = 'anyone' | 'server-admin' | 'member' | 'database-admin';

interface RouteForm {
  readonly methods: readonly string[];
  /** Literal segments, and `{name}` for any that does not begin with "_"; a last `{…}` stands for one or more. */
  readonly path: readonly string[];
  readonly body: BodyKind;
  /** Query names that are passed on; null is all of them, for handlers that look at each themselves. */
  readonly query: readonly string[] | null;
}

export type Route = RouteForm &
  (
    | { readonly needs: 'anyone' | 'server-admin'; readonly handle: (call: Call) => unknown }
    | { readonly needs: 'member' | 'database-admin'; readonly handle: (call: DatabaseCall) => unknown }
  );

type Extra = Partial<Pick<RouteForm, 'body' | 'query'>>;

const form = (methods: string, path: string, extra: Extra): RouteForm => ({
  methods: methods.split(' '),
  path: path.split('/').filter((segment) => segment !== ''),
  body: extra.body ?? 'none',
  query: extra.query ?? null,
});
const server = (
  methods: string,
  path: string,
  needs: 'anyone' | 'server-admin',
  handle: (call: Call) => unknown,
  extra: Extra = {},
): Route => ({ ...form(methods, path, extra), needs, handle });
const row = (
  methods: string,
  path: string,
  needs: 'member' | 'database-admin',
  handle: (call: DatabaseCall) => unknown,
  extra: Extra = {},
): Route => ({ ...form(methods, path, extra), needs, handle });

const forward = (call: DatabaseCall): Promise<void> => call.engine.forward(call);
const JSON_BODY = { body: 'json' } as const;
const BULK_BODY = { body: 'bulk-json' } as const;
const DOCUMENT_BODY = { body: 'document' } as const;
const BYTES = { body: 'bytes' } as const;
const VIEW = { query: VIEW_QUERY };
const VIEW_BODY = { query: VIEW_QUERY, body: 'json' } as const;
const READ = { query: READ_DOCUMENT_QUERY };

// prettier-ignore
export const ROUTES: readonly Route[] = [
  server('GET HEAD', '/',          'anyone',       welcome),
  server('GET HEAD', '/_up',       'anyone',       up),
  server('GET HEAD', '/_session',  'anyone',       session),
  server('GET HEAD', '/_all_dbs',  'server-admin', allDatabases),
  server('PUT',      '/{db}',      'server-admin', createDatabase),
  server('DELETE',   '/{db}',      'server-admin', destroyDatabase),

  row('GET HEAD',  '/{db}',                              'member',         forward),
  row('POST',      '/{db}',                              'member',         postDocument, JSON_BODY),
  row('GET',       '/{db}/_security',                    'member',         getSecurity),
  row('PUT',       '/{db}/_security',                    'database-admin', putSecurity, JSON_BODY),
  row('GET',       '/{db}/_changes',                     'member',         answerChanges),
  row('POST',      '/{db}/_changes',                     'member',         answerChanges, JSON_BODY),
  row('GET',       '/{db}/_all_docs',                    'member',         forward, VIEW),
  row('POST',      '/{db}/_all_docs',                    'member',         forward, VIEW_BODY),
  row('POST',      '/{db}/_bulk_docs',                   'member',         bulkDocs, BULK_BODY),
  row('POST',      '/{db}/_bulk_get',                    'member',         bulkGet, BULK_BODY),
  row('POST',      '/{db}/_revs_diff',                   'member',         revsDiff, BULK_BODY),
  row('POST',      '/{db}/_missing_revs',                'member',         missingRevs, BULK_BODY),
  row('POST',      '/{db}/_ensure_full_commit',          'member',         forward, JSON_BODY),
  row('POST',      '/{db}/_find',                        'member',         forward, JSON_BODY),
  row('POST',      '/{db}/_explain',                     'member',         forward, JSON_BODY),
  row('GET',       '/{db}/_index',                       'member',         forward),
  row('POST',      '/{db}/_index',                       'database-admin', forward, JSON_BODY),
  row('POST',      '/{db}/_compact',                     'database-admin', forward, JSON_BODY),

  row('GET',       '/{db}/_local/{id}',                  'member',         getLocalDocument),
  row('PUT',       '/{db}/_local/{id}',                  'member',         putLocalDocument, JSON_BODY),
  row('DELETE',    '/{db}/_local/{id}',                  'member',         deleteLocalDocument),

  row('GET HEAD',  '/{db}/_design/{ddoc}',               'member',         getDocument, READ),
  row('PUT',       '/{db}/_design/{ddoc}',               'database-admin', putDocument, DOCUMENT_BODY),
  row('DELETE',    '/{db}/_design/{ddoc}',               'database-admin', deleteDocument),
  row('GET',       '/{db}/_design/{ddoc}/_view/{view}',  'member',         forward, VIEW),
  row('POST',      '/{db}/_design/{ddoc}/_view/{view}',  'member',         forward, VIEW_BODY),
  row('GET HEAD',  '/{db}/_design/{ddoc}/{attachment}',  'member',         getAttachment),
  row('PUT',       '/{db}/_design/{ddoc}/{attachment}',  'database-admin', putAttachment, BYTES),
  row('DELETE',    '/{db}/_design/{ddoc}/{attachment}',  'database-admin', deleteAttachment),

  row('GET HEAD',  '/{db}/{doc}',                        'member',         getDocument, READ),
  row('PUT',       '/{db}/{doc}',                        'member',         putDocument, DOCUMENT_BODY),
  row('DELETE',    '/{db}/{doc}',                        'member',         deleteDocument),
  row('GET HEAD',  '/{db}/{doc}/{attachment}',           'member',         getAttachment),
  row('PUT',       '/{db}/{doc}/{attachment}',           'member',         putAttachment, BYTES),
  row('DELETE',    '/{db}/{doc}/{attachment}',           'member',         deleteAttachment),
];

/** The row for a method and decoded segments; null is 404 for everyone. */
export const routeFor = (method: string, segments: readonly string[]): Route | null =>
  ROUTES.find(({ methods, path }) => methods.includes(method) && matches(path, segments)) ?? null;

function matches(path: readonly string[], segments: readonly string[]): boolean {
  const isOpen = path.at(-1) === '{attachment}';
  if (isOpen ? segments.length < path.length : segments.length !== path.length) return false;
  return path.every((pattern, index) => fits(pattern, segments[index] ?? ''));
}

/** `_users` is a database too; below `_local/` an id may begin as it likes. */
function fits(pattern: string, segment: string): boolean {
  if (!pattern.startsWith('{')) return pattern === segment;
  if (pattern === '{id}') return true;
  return !segment.startsWith('_') || (pattern === '{db}' && segment === '_users');
}
