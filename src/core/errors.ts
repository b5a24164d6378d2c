// Every refusal that a peer, or a local program at the peer streams, can be given, as one total table: a new code does
// not compile until it has a reply.

export interface Reply {
  readonly status: number;
  /** The `error` of the body: one word, as CouchDB's are. */
  readonly error: string;
  readonly reason: string;
}

/** Codes name the rule that refused; they are what events, logs and tests speak of. */
export type RefusalCode = keyof typeof REPLIES;

const reply = (status: number, error: string, reason: string): Reply => ({ status, error, reason });

const BAD_TARGET = 'The request target is not in the one form that is accepted.';
const FORBIDDEN = 'This is not permitted.';

export const REPLIES = {
  // The form of the request.
  'target-form': reply(400, 'bad_request', BAD_TARGET),
  'target-bytes': reply(400, 'bad_request', BAD_TARGET),
  'target-slashes': reply(400, 'bad_request', BAD_TARGET),
  'target-escape': reply(400, 'bad_request', BAD_TARGET),
  'target-segment': reply(400, 'bad_request', BAD_TARGET),
  'target-query': reply(400, 'bad_request', BAD_TARGET),
  'target-trailing-slash': reply(400, 'bad_request', BAD_TARGET),
  'http-version': reply(400, 'bad_request', 'Only HTTP/1.1 is spoken here.'),
  'header-host': reply(400, 'bad_request', 'Exactly one Host header is required.'),
  'header-repeated': reply(400, 'bad_request', 'A header that may come once came twice.'),
  'header-framing': reply(400, 'bad_request', 'The framing of the body is not plain.'),
  'header-expect': reply(417, 'expectation_failed', 'Only 100-continue can be expected.'),
  'header-count': reply(431, 'too_many_headers', 'The request has too many header fields.'),
  'body-unexpected': reply(400, 'bad_request', 'This request takes no body.'),
  // What is asked for.
  'no-such-resource': reply(404, 'not_found', 'missing'),
  'method-not-allowed': reply(405, 'method_not_allowed', 'This resource has other methods.'),
  'blob-id': reply(400, 'bad_request', 'A blob id is 48 characters of D-Base32.'),
  // Byte for byte the same: whether it is here is not for everyone to know.
  'blob-missing': reply(404, 'not_found', 'missing'),
  'blob-not-granted': reply(404, 'not_found', 'missing'),
  'range-unsatisfiable': reply(416, 'range_not_satisfiable', 'The range lies outside the blob.'),
  'no-session': reply(404, 'not_found', 'missing'),
  'no-operation': reply(403, 'forbidden', FORBIDDEN),
  'no-grant': reply(403, 'forbidden', FORBIDDEN),
  'needs-write': reply(403, 'forbidden', FORBIDDEN),
  'needs-query': reply(403, 'forbidden', FORBIDDEN),
  'needs-design': reply(403, 'forbidden', FORBIDDEN),
  'body-local-document': reply(403, 'forbidden', FORBIDDEN),
  'database-exists': reply(412, 'file_exists', 'The database could not be created, the file already exists.'),
  'query-name': reply(400, 'query_parse_error', 'A query parameter is unknown or repeated.'),
  'query-value': reply(400, 'query_parse_error', 'A query parameter has a value that is not accepted.'),
  'local-id': reply(400, 'bad_request', 'The id of a local document has characters that are not accepted.'),
  'local-count': reply(429, 'too_many_requests', 'There are too many local documents.'),
  // The body.
  'body-too-large': reply(413, 'too_large', 'The body is too large.'),
  'body-type': reply(415, 'bad_content_type', 'The body has a type that is not accepted here.'),
  'body-encoding': reply(415, 'bad_content_encoding', 'The body may not be compressed.'),
  'body-json': reply(400, 'bad_request', 'The body is not the JSON that is accepted.'),
  'body-shape': reply(400, 'bad_request', 'The body does not have the shape that is accepted.'),
  'body-id': reply(400, 'bad_request', 'The document names another id than the request does.'),
  // How much.
  'too-many-requests': reply(429, 'too_many_requests', 'Too many requests are under way.'),
  'too-many-feeds': reply(429, 'too_many_requests', 'Too many feeds are open.'),
  'too-many-ids': reply(429, 'too_many_requests', 'Too many ids were asked for; try again in a minute.'),
  'out-of-files': reply(503, 'busy', 'No more files can be opened now; try again soon.'),
  busy: reply(503, 'busy', 'Too much is being done at once; try again soon.'),
  // The upstream.
  'upstream-not-ready': reply(503, 'service_unavailable', 'The database is not available to this role now.'),
  'upstream-forbidden': reply(403, 'forbidden', 'The database refused this.'),
  'upstream-failed': reply(502, 'bad_gateway', 'The database did not answer as it should.'),
  'upstream-timeout': reply(504, 'gateway_timeout', 'The database did not answer in time.'),
  // Peer streams: what a local program is told.
  'foreign-host': reply(403, 'forbidden', 'This is for programs on this device only.'),
  'foreign-origin': reply(403, 'forbidden', 'This is not for pages in a browser.'),
  'stream-token': reply(401, 'unauthorized', 'Name or password is incorrect.'),
  'no-such-peer': reply(404, 'not_found', 'no such peer'),
  'peer-away': reply(503, 'peer_away', 'The peer is not here now.'),
  'peer-busy': reply(503, 'busy', 'Too many requests wait for this peer.'),
  'peer-failed': reply(502, 'bad_gateway', 'The connection to the peer ended before it answered.'),
  'peer-timeout': reply(504, 'gateway_timeout', 'The peer did not answer in time.'),
  internal: reply(500, 'internal_server_error', 'The request could not be answered.'),
} as const satisfies Record<string, Reply>;

/** A refusal on its way to the peer: thrown by the parts that judge, answered in one place. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** What the reply carries besides, such as the `Allow` of a 405. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: RefusalCode, headers: Readonly<Record<string, string>> = {}) {
    super(code);
    this.code = code;
    this.headers = headers;
  }
}

/** The body of a refusal; it names neither the request nor the thing asked for. */
export const refusalBody = (code: RefusalCode): string =>
  `${JSON.stringify({ error: REPLIES[code].error, reason: REPLIES[code].reason })}\n`;
