// The forms of a request target (RFC 9112 section 3.2), and request lines that are none. Only origin-form is taken.
// These are whole request lines: the version belongs to them.

/** A request line that is refused, its status, and whether the connection ends with it. */
export type FormRow = readonly [refused: string, status: number | 'closed', twin: string, sent: string];

const DATABASE = ['GET /couch/dmedia-0 HTTP/1.1', 'GET /dmedia-0'] as const;
const DOCUMENT = ['GET /couch/dmedia-0/doc HTTP/1.1', 'GET /dmedia-0/doc'] as const;

// prettier-ignore
export const REQUEST_FORMS: readonly FormRow[] = [
  // Absolute-form.
  ['GET http://x/couch/dmedia-0 HTTP/1.1',                 400, ...DATABASE],
  ['GET HTTP://x/couch/dmedia-0 HTTP/1.1',                 400, ...DATABASE],
  ['GET https://x/couch/dmedia-0 HTTP/1.1',                400, ...DATABASE],
  ['GET http://127.0.0.1:5984/_users HTTP/1.1',            400, ...DATABASE],
  ['GET http:///couch/dmedia-0 HTTP/1.1',                  400, ...DATABASE],
  ['GET http:/couch/dmedia-0 HTTP/1.1',                    400, ...DATABASE],
  ['GET ftp://x/couch/dmedia-0 HTTP/1.1',                  400, ...DATABASE],
  ['GET file:///etc/passwd HTTP/1.1',                      400, ...DATABASE],
  ['GET //x/couch/dmedia-0 HTTP/1.1',                      400, ...DATABASE],
  ['GET /http://x/couch/dmedia-0 HTTP/1.1',                400, ...DATABASE],
  ['GET /couch/http://127.0.0.1:5984/_users HTTP/1.1',     400, ...DATABASE],
  ['GET /http:/couch/dmedia-0 HTTP/1.1',                   404, ...DATABASE],
  // Authority-form and asterisk-form.
  ['CONNECT x:443 HTTP/1.1',                               'closed', ...DATABASE],
  ['CONNECT 127.0.0.1:5984 HTTP/1.1',                      'closed', ...DATABASE],
  ['CONNECT /couch/dmedia-0 HTTP/1.1',                     'closed', ...DATABASE],
  ['GET x:443 HTTP/1.1',                                   400, ...DATABASE],
  ['GET 127.0.0.1:5984 HTTP/1.1',                          400, ...DATABASE],
  ['GET * HTTP/1.1',                                       400, ...DATABASE],
  ['OPTIONS * HTTP/1.1',                                   400, ...DATABASE],
  ['GET /couch/* HTTP/1.1',                                403, ...DATABASE],
  // Neither.
  ['GET couch/dmedia-0 HTTP/1.1',                          400, ...DATABASE],
  ['GET ?rev=1 HTTP/1.1',                                  400, ...DATABASE],
  ['GET #/couch/dmedia-0 HTTP/1.1',                        400, ...DATABASE],
  ['GET  HTTP/1.1',                                        400, ...DATABASE],
  ['GET HTTP/1.1',                                         400, ...DATABASE],
  // Fragments and second question marks.
  ['GET /couch/dmedia-0#x HTTP/1.1',                       400, ...DATABASE],
  ['GET /couch/dmedia-0# HTTP/1.1',                        400, ...DATABASE],
  ['GET /couch/dmedia-0#/../_users HTTP/1.1',              400, ...DATABASE],
  ['GET /couch/_users#/../dmedia-0 HTTP/1.1',              400, ...DATABASE],
  ['GET /couch/dmedia-0/doc?rev=1#x HTTP/1.1',             400, 'GET /couch/dmedia-0/doc?rev=1 HTTP/1.1', 'GET /dmedia-0/doc?rev=1'],
  ['GET /couch/dmedia-0/doc?rev=1?x HTTP/1.1',             400, 'GET /couch/dmedia-0/doc?rev=1%3Fx HTTP/1.1', 'GET /dmedia-0/doc?rev=1%3Fx'],
  ['GET /couch/dmedia-0/doc??rev=1 HTTP/1.1',              400, 'GET /couch/dmedia-0/doc?rev=1 HTTP/1.1', 'GET /dmedia-0/doc?rev=1'],
  ['GET /couch/dmedia-0/doc?rev=1? HTTP/1.1',              400, 'GET /couch/dmedia-0/doc?rev=1 HTTP/1.1', 'GET /dmedia-0/doc?rev=1'],
  ['GET /couch/dmedia-0?/_security HTTP/1.1',              400, ...DATABASE],
  ['GET /couch/dmedia-0;x=1 HTTP/1.1',                     403, ...DATABASE],
  ['GET /couch;x=1/dmedia-0 HTTP/1.1',                     404, ...DATABASE],
  ['GET /couch/_users;/../dmedia-0 HTTP/1.1',              400, ...DATABASE],
  // Bytes that no target has.
  ['GET /couch/dmedia-0/a b HTTP/1.1',                     400, 'GET /couch/dmedia-0/a%20b HTTP/1.1', 'GET /dmedia-0/a%20b'],
  ['GET /couch/dmedia-0 /doc HTTP/1.1',                    400, ...DATABASE],
  ['GET /couch/dmedia-0/doc\t HTTP/1.1',                   400, ...DOCUMENT],
  ['GET\t/couch/dmedia-0 HTTP/1.1',                        400, ...DATABASE],
  ['GET /couch/dmedia-0\tHTTP/1.1',                        400, ...DATABASE],
  ['GET /couch/dmedia-0/\x01 HTTP/1.1',                    400, 'GET /couch/dmedia-0/%01 HTTP/1.1', 'GET /dmedia-0/%01'],
  ['GET /couch/dmedia-0/\x00 HTTP/1.1',                    400, ...DOCUMENT],
  ['GET /couch/dmedia-0/\x0b HTTP/1.1',                    400, 'GET /couch/dmedia-0/%0B HTTP/1.1', 'GET /dmedia-0/%0B'],
  ['GET /couch/dmedia-0/\x7f HTTP/1.1',                    400, 'GET /couch/dmedia-0/%7F HTTP/1.1', 'GET /dmedia-0/%7F'],
  ['GET /couch/dmedia-0/\x1b[2J HTTP/1.1',                 400, 'GET /couch/dmedia-0/%1B[2J HTTP/1.1', 'GET /dmedia-0/%1B%5B2J'],
  ['GET /couch/dmedia-0/\xc3\xa9 HTTP/1.1',                400, 'GET /couch/dmedia-0/%C3%A9 HTTP/1.1', 'GET /dmedia-0/%C3%A9'],
  ['GET /couch/dmedia-0/\xff HTTP/1.1',                    400, ...DOCUMENT],
  ['GET /couch/\xefusers HTTP/1.1',                        400, ...DATABASE],
  ['GET /couch/dmedia-0/doc?rev=\xe9 HTTP/1.1',            400, 'GET /couch/dmedia-0/doc?rev=%C3%A9 HTTP/1.1', 'GET /dmedia-0/doc?rev=%C3%A9'],
  ['GET /couch/dmedia-0/doc?rev=1\x0d2 HTTP/1.1',          400, 'GET /couch/dmedia-0/doc?rev=12 HTTP/1.1', 'GET /dmedia-0/doc?rev=12'],
  // Versions.
  ['GET /couch/dmedia-0',                                  400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/0.9',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/1.0',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/1.2',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/1.11',                        400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/2.0',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/3',                           400, ...DATABASE],
  ['GET /couch/dmedia-0 http/1.1',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTPS/1.1',                        400, ...DATABASE],
  ['GET /couch/dmedia-0 ICE/1.0',                          400, ...DATABASE],
  ['GET /couch/dmedia-0 RTSP/1.0',                         400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/1.1 ',                        400, ...DATABASE],
  ['GET /couch/dmedia-0 HTTP/1.1 HTTP/1.1',                400, ...DATABASE],
  ['PRI * HTTP/2.0',                                       400, ...DATABASE],
  // Methods that are none.
  ['GE /couch/dmedia-0 HTTP/1.1',                          400, ...DATABASE],
  ['GETT /couch/dmedia-0 HTTP/1.1',                        400, ...DATABASE],
  ['G\xcbT /couch/dmedia-0 HTTP/1.1',                      400, ...DATABASE],
  ['FOO /couch/dmedia-0 HTTP/1.1',                         400, ...DATABASE],
  ['DESCRIBE /couch/dmedia-0 RTSP/1.0',                    400, ...DATABASE],
  [' GET /couch/dmedia-0 HTTP/1.1',                        400, ...DATABASE],
  ['\x16\x03\x01\x02\x00\x01',                             400, ...DATABASE],
  ['\x00GET /couch/dmedia-0 HTTP/1.1',                     400, ...DATABASE],
];
