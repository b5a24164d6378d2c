// Several requests in one piece: each is judged by itself, and after one that ends the connection none is.

export interface Pipeline {
  readonly what: string;
  readonly requests: readonly string[];
  /** The replies, in order; the connection closes after them where there are fewer than requests. */
  readonly statuses: readonly number[];
  /** What the upstream must be sent, in any order, and nothing besides. */
  readonly sent: readonly string[];
}

const message = (line: string, fields: readonly string[] = [], body = ''): string =>
  `${[`${line} HTTP/1.1`, 'Host: x', ...fields].join('\r\n')}\r\n\r\n${body}`;
const json = (line: string, body: string): string => message(line, [`Content-Length: ${body.length}`], body);

const A = message('GET /couch/dmedia-0/a');
const B = message('GET /couch/dmedia-0/b');
const SENT_A = 'GET /dmedia-0/a';
const SENT_B = 'GET /dmedia-0/b';
const CHUNKED = 'Transfer-Encoding: chunked';

// prettier-ignore
export const PIPELINES: readonly Pipeline[] = [
  { what: 'two that are permitted',          requests: [A, B],                                                   statuses: [200, 200],      sent: [SENT_A, SENT_B] },
  { what: 'denied between permitted',        requests: [A, message('GET /couch/_users'), B],                     statuses: [200, 403, 200], sent: [SENT_A, SENT_B] },
  { what: 'denied before permitted',         requests: [message('DELETE /couch/dmedia-0'), A],                   statuses: [403, 200],      sent: [SENT_A] },
  { what: 'permitted before denied',         requests: [A, message('GET /couch/dmedia-0/_security')],            statuses: [200, 403],      sent: [SENT_A] },
  { what: 'two that are denied',             requests: [message('GET /couch/_users'), message('POST /couch/_replicate')], statuses: [403, 403], sent: [] },
  { what: 'no form between permitted',       requests: [A, message('GET /couch//dmedia-0'), B],                  statuses: [200, 400, 200], sent: [SENT_A, SENT_B] },
  { what: 'unknown name between permitted',  requests: [A, message('GET /couch/dmedia-0?x=1'), B],               statuses: [200, 400, 200], sent: [SENT_A, SENT_B] },
  { what: 'unknown paths',                   requests: [message('GET /nope'), message('PUT /'), A],              statuses: [404, 405, 200], sent: [SENT_A] },
  { what: 'HEAD, then GET',                  requests: [message('HEAD /couch/dmedia-0/a'), B],                   statuses: [200, 200],      sent: ['HEAD /dmedia-0/a', SENT_B] },
  { what: 'a write, then a read',            requests: [json('PUT /couch/dmedia-0/a', '{}'), B],                 statuses: [200, 200],      sent: ['PUT /dmedia-0/a', SENT_B] },
  { what: 'a chunked write, then a read',    requests: [message('PUT /couch/dmedia-0/a', [CHUNKED], '2\r\n{}\r\n0\r\n\r\n'), B], statuses: [200, 200], sent: ['PUT /dmedia-0/a', SENT_B] },
  { what: 'a denied write, then a read',     requests: [json('PUT /couch/other/a', '{}'), B],                    statuses: [403, 200],      sent: [SENT_B] },
  { what: 'a denied chunked write, and on',  requests: [message('PUT /couch/other/a', [CHUNKED], '2\r\n{}\r\n0\r\n\r\n'), B], statuses: [403, 200], sent: [SENT_B] },
  { what: 'a body that is a request',        requests: [json('PUT /couch/other/a', message('GET /couch/dmedia-0/x')), B], statuses: [403, 200], sent: [SENT_B] },
  { what: 'a body that is no JSON',          requests: [json('PUT /couch/dmedia-0/a', message('GET /couch/dmedia-0/x')), B], statuses: [400, 200], sent: [SENT_B] },
  { what: 'a document that may not enter',   requests: [json('POST /couch/dmedia-0-x', '{"_id":"_design/x"}'), B], statuses: [403, 200],    sent: [SENT_B] },
  { what: 'another type of body',            requests: [message('PUT /couch/dmedia-0/a', ['Content-Type: text/plain', 'Content-Length: 2'], '{}'), B], statuses: [415, 200], sent: [SENT_B] },
  { what: 'a body that did not wait',        requests: [message('PUT /couch/dmedia-0/a', ['Expect: 100-continue', 'Content-Length: 2'], '{}'), B], statuses: [200, 200], sent: ['PUT /dmedia-0/a', SENT_B] },
  { what: 'a method that is overridden',     requests: [message('POST /couch/dmedia-0', ['X-HTTP-Method-Override: DELETE', 'Content-Length: 2'], '{}'), B], statuses: [200, 200], sent: ['POST /dmedia-0', SENT_B] },
  // After these the connection ends.
  { what: 'GET with a body, and on',         requests: [message('GET /couch/dmedia-0/x', ['Content-Length: 2'], '{}'), B], statuses: [400],  sent: [] },
  { what: 'GET with no chunk, and on',       requests: [message('GET /couch/dmedia-0/x', [CHUNKED], '0\r\n\r\n'), B], statuses: [400],       sent: [] },
  { what: 'DELETE with a body, and on',      requests: [message('DELETE /couch/dmedia-0/x', [CHUNKED], '2\r\n{}\r\n0\r\n\r\n'), B], statuses: [400], sent: [] },
  { what: 'two hosts, and on',               requests: [message('GET /couch/dmedia-0/x', ['Host: y']), B],       statuses: [400],           sent: [] },
  { what: 'a field twice, and on',           requests: [message('GET /couch/dmedia-0/x', ['Range: a', 'Range: b']), B], statuses: [400],    sent: [] },
  { what: 'an upgrade, and on',              requests: [message('GET /couch/dmedia-0/x', ['Connection: Upgrade', 'Upgrade: websocket']), B], statuses: [400], sent: [] },
  { what: 'absolute-form, and on',           requests: [message('GET http://x/couch/dmedia-0/x'), B],            statuses: [400],           sent: [] },
  { what: 'asterisk-form, and on',           requests: [message('OPTIONS *'), B],                                statuses: [400],           sent: [] },
  { what: 'HTTP/1.0, and on',                requests: ['GET /couch/dmedia-0/x HTTP/1.0\r\nHost: x\r\n\r\n', B], statuses: [400],           sent: [] },
  { what: 'HTTP/1.0 that keeps alive',       requests: ['GET /couch/dmedia-0/x HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n', B], statuses: [400], sent: [] },
  { what: 'an expectation, and on',          requests: [message('PUT /couch/dmedia-0/x', ['Expect: x', 'Content-Length: 2'], '{}'), B], statuses: [417], sent: [] },
  { what: 'a length and a coding, and on',   requests: [message('PUT /couch/dmedia-0/x', ['Content-Length: 5', CHUNKED], '0\r\n\r\n'), B], statuses: [400], sent: [] },
  { what: 'no HTTP, and on',                 requests: ['\x16\x03\x01\r\n\r\n', B],                              statuses: [400],           sent: [] },
  { what: 'too many fields, and on',         requests: [message('GET /couch/dmedia-0/x', Array.from({ length: 64 }, (_, index) => `X-${index}: x`)), B], statuses: [431], sent: [] },
];
