// Every refusal of the embedded server that is its own, as one total table. What the request's form is refused for,
// core/errors.ts knows.
import type { Reply } from '../../core/errors.js';

const problem = (status: number, error: string, reason: string): Reply => ({ status, error, reason });

export const PROBLEMS = {
  credentials: problem(401, 'unauthorized', 'Name or password is incorrect.'),
  'needs-user': problem(401, 'unauthorized', 'Authentication required.'),
  'needs-admin': problem(403, 'forbidden', 'You are not a server admin.'),
  'needs-database-admin': problem(403, 'forbidden', 'You are not a database or server admin.'),
  'needs-member': problem(403, 'forbidden', 'You are not allowed to access this database.'),
  missing: problem(404, 'not_found', 'missing'),
  'no-database': problem(404, 'not_found', 'Database does not exist.'),
  conflict: problem(409, 'conflict', 'Document update conflict.'),
  'database-exists': problem(
    412,
    'file_exists',
    'The database could not be created, the file already exists.',
  ),
  'database-name': problem(
    400,
    'illegal_database_name',
    'Databases of the embedded server have plainer names.',
  ),
  'id-in-body': problem(400, 'bad_request', 'Document ID in the body is not the one in the path.'),
  'document-id': problem(400, 'illegal_docid', 'This document ID is not accepted here.'),
  revision: problem(400, 'bad_request', 'Invalid rev format.'),
  'query-value': problem(400, 'query_parse_error', 'A query parameter has a value that is not accepted.'),
  'query-repeated': problem(400, 'query_parse_error', 'A query parameter is repeated.'),
  filter: problem(400, 'bad_request', 'The embedded server does not have this filter.'),
  document: problem(400, 'doc_validation', 'The document has a special member of another form.'),
  'user-document': problem(403, 'forbidden', 'The document is not one of a user.'),
  'body-json': problem(400, 'bad_request', 'invalid_json'),
  'body-shape': problem(400, 'bad_request', 'The body does not have the shape that is needed.'),
  'body-multipart': problem(400, 'bad_request', 'The multipart body is not a document with its attachments.'),
  'body-encoding': problem(415, 'bad_content_encoding', 'The body may not be compressed.'),
  'body-size': problem(413, 'too_large', 'The request entity is too large.'),
  'attachment-name': problem(400, 'bad_request', 'This attachment name is not accepted here.'),
  internal: problem(500, 'internal_server_error', 'The request could not be answered.'),
} as const satisfies Record<string, Reply>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A refusal on its way to the client. */
export class Problem extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode) {
    super(code);
    this.code = code;
  }
}

/** Throws the `Problem` unless `holds`. */
export function require(code: ProblemCode, holds: boolean): asserts holds {
  if (!holds) throw new Problem(code);
}
