// The query parameters that each operation may carry, by CouchDB's names (docs.couchdb.org, API reference).

const ROWS = [
  'descending',
  'include_docs',
  'limit',
  'conflicts',
  'attachments',
  'att_encoding_info',
] as const;
const KEYS = [
  'key',
  'keys',
  'startkey',
  'start_key',
  'startkey_docid',
  'start_key_doc_id',
  'endkey',
  'end_key',
  'endkey_docid',
  'end_key_doc_id',
  'inclusive_end',
  'skip',
  'sorted',
  'stable',
  'update',
  'update_seq',
] as const;

export const NO_QUERY: readonly string[] = [];
export const ALL_DOCS_QUERY: readonly string[] = [...ROWS, ...KEYS];
export const VIEW_QUERY: readonly string[] = [...ALL_DOCS_QUERY, 'group', 'group_level', 'reduce', 'stale'];
export const CHANGES_QUERY: readonly string[] = [
  ...ROWS,
  'doc_ids',
  'feed',
  'filter',
  'heartbeat',
  'last-event-id',
  'seq_interval',
  'since',
  'style',
  'timeout',
  'view',
];
export const READ_DOCUMENT_QUERY: readonly string[] = [
  'atts_since',
  'att_encoding_info',
  'attachments',
  'conflicts',
  'deleted_conflicts',
  'latest',
  'local_seq',
  'meta',
  'open_revs',
  'rev',
  'revs',
  'revs_info',
];
export const WRITE_DOCUMENT_QUERY: readonly string[] = ['batch', 'new_edits', 'rev'];
export const DELETE_DOCUMENT_QUERY: readonly string[] = ['batch', 'rev'];
export const ATTACHMENT_QUERY: readonly string[] = ['rev'];
export const CREATE_DOCUMENT_QUERY: readonly string[] = ['batch'];
export const BULK_GET_QUERY: readonly string[] = ['att_encoding_info', 'attachments', 'latest', 'revs'];
