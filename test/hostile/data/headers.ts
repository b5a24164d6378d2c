// Header fields that CouchDB, or a proxy on the way to it, would act upon. Most are simply not passed on; what has two
// readings is refused. `Host: x` comes first unless a row begins with another.

/** A request line, its fields, and what the upstream must be sent all the same: the fields go no further. */
export type StrippedRow = readonly [line: string, fields: readonly string[], sent: string];

/** Fields that are refused, the status, and the fields that are let through in their place. */
export type HeaderRow = readonly [
  line: string,
  refused: readonly string[],
  status: number,
  twin: readonly string[],
  sent: string,
];

const READ = 'GET /couch/dmedia-0/doc';
const READ_SENT = 'GET /dmedia-0/doc';
const PUT = 'PUT /couch/dmedia-0/doc';
const PUT_SENT = 'PUT /dmedia-0/doc';
const POST = 'POST /couch/dmedia-0';
const POST_SENT = 'POST /dmedia-0';

/** Base64 of "admin:admin". */
const ADMIN = 'Basic YWRtaW46YWRtaW4=';

// prettier-ignore
export const STRIPPED: readonly StrippedRow[] = [
  // Another method than the one that was judged.
  [POST, ['X-HTTP-Method-Override: DELETE'],                     POST_SENT],
  [POST, ['X-HTTP-Method-Override: PUT'],                        POST_SENT],
  [POST, ['X-HTTP-Method-Override: COPY', 'Destination: _design/x'], POST_SENT],
  [POST, ['x-http-method-override: delete'],                     POST_SENT],
  [POST, ['X-HTTP-Method: DELETE'],                              POST_SENT],
  [POST, ['X-Method-Override: DELETE'],                          POST_SENT],
  [POST, ['X-HTTP-METHOD-OVERRIDE: DELETE', 'X-HTTP-Method-Override: PUT'], POST_SENT],
  ['POST /couch/dmedia-0/_all_docs', ['X-HTTP-Method-Override: DELETE'], 'POST /dmedia-0/_all_docs'],
  ['POST /couch/dmedia-0-x/_changes', ['X-HTTP-Method-Override: GET'], 'POST /dmedia-0-x/_changes'],
  [READ, ['X-HTTP-Method-Override: DELETE'],                     READ_SENT],
  [PUT,  ['Destination: other'],                                 PUT_SENT],
  [READ, ['Destination: _design/x'],                             READ_SENT],
  // Another path.
  [READ, ['x-couchdb-requested-path: /_users'],                  READ_SENT],
  [READ, ['x-couchdb-vhost-path: /_users/_all_docs'],            READ_SENT],
  [READ, ['X-Original-URL: /_users'],                            READ_SENT],
  [READ, ['X-Rewrite-URL: /_users'],                             READ_SENT],
  [READ, ['X-Forwarded-Prefix: /_users'],                        READ_SENT],
  [READ, ['X-Forwarded-Path: /_users'],                          READ_SENT],
  [READ, ['X-Original-Host: x', 'X-Envoy-Original-Path: /_users'], READ_SENT],
  // Credentials.
  [READ, [`Authorization: ${ADMIN}`],                            READ_SENT],
  [READ, [`authorization: ${ADMIN}`],                            READ_SENT],
  [READ, ['Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsIl9jb3VjaGRiLnJvbGVzIjpbIl9hZG1pbiJdfQ.'], READ_SENT],
  [READ, ['Authorization:'],                                     READ_SENT],
  [READ, [`Proxy-Authorization: ${ADMIN}`],                      READ_SENT],
  [READ, ['Cookie: AuthSession=YWRtaW46NjU'],                    READ_SENT],
  [READ, ['Cookie: AuthSession=a', 'Cookie: AuthSession=b'],     READ_SENT],
  [READ, ['X-Auth-CouchDB-UserName: admin', 'X-Auth-CouchDB-Roles: _admin', 'X-Auth-CouchDB-Token: x'], READ_SENT],
  [READ, ['x-auth-couchdb-username: admin', 'x-auth-couchdb-roles: _admin'], READ_SENT],
  [READ, ['X_Auth_CouchDB_Roles: _admin'],                       READ_SENT],
  [PUT,  ['X-Auth-CouchDB-Roles: _admin'],                       PUT_SENT],
  [READ, ['X-Auth-CouchDB-Roles: a', 'X-Auth-CouchDB-Roles: _admin'], READ_SENT],
  [READ, ['X-CouchDB-WWW-Authenticate: Cookie'],                 READ_SENT],
  [READ, ['Remote-User: admin', 'X-Remote-User: admin', 'X-Forwarded-User: admin'], READ_SENT],
  [READ, ['SSL-Client-Verify: SUCCESS', 'X-Client-Cert: x'],     READ_SENT],
  [READ, ['Origin: http://evil.example', 'Referer: http://evil.example/'], READ_SENT],
  [READ, ['X-Couch-Request-ID: 0000000000', 'X-Couch-Full-Commit: true'], READ_SENT],
  // Who asks, and by which name.
  ['GET /couch/dmedia-0/doc', ['Host: _users.example'],          READ_SENT],
  [READ, ['Host: 127.0.0.1:5984'],                               READ_SENT],
  [READ, ['Host: *.example'],                                    READ_SENT],
  [READ, ['Host:'],                                              READ_SENT],
  [READ, ['hOST: x'],                                            READ_SENT],
  [READ, ['Host: a b/../?#@:'],                                  READ_SENT],
  [READ, ['X-Forwarded-Host: vhost.example'],                    READ_SENT],
  [READ, ['X-Host: vhost.example', 'X-HTTP-Host-Override: vhost.example'], READ_SENT],
  [READ, ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443', 'X-Forwarded-Ssl: on'], READ_SENT],
  [READ, ['Forwarded: for=127.0.0.1;host=vhost.example'],        READ_SENT],
  [READ, ['Via: 1.1 x', 'X-Real-IP: 127.0.0.1', 'True-Client-IP: 127.0.0.1', 'CF-Connecting-IP: 127.0.0.1'], READ_SENT],
  // Hop-by-hop, and what "Connection" names.
  [READ, ['Connection: keep-alive, X-Auth-CouchDB-Roles', 'X-Auth-CouchDB-Roles: _admin'], READ_SENT],
  [READ, ['Connection: authorization'],                          READ_SENT],
  [READ, ['Connection: host, content-length'],                   READ_SENT],
  [READ, ['Connection: close, accept', 'Accept: multipart/mixed'], READ_SENT],
  [READ, ['Connection: close'],                                  READ_SENT],
  [READ, ['Connection: keep-alive', 'Connection: close'],        READ_SENT],
  [READ, ['Keep-Alive: timeout=1000000', 'Proxy-Connection: keep-alive'], READ_SENT],
  [READ, ['TE: trailers, deflate'],                              READ_SENT],
  [READ, ['Trailer: X-Auth-CouchDB-Roles'],                      READ_SENT],
  [PUT,  ['Trailer: Authorization', 'TE: trailers'],             PUT_SENT],
  // Others.
  [READ, ['Accept-Encoding: gzip, br', 'Accept-Charset: utf-16', 'Accept-Language: x'], READ_SENT],
  [READ, ['If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT'], READ_SENT],
  [READ, ['If-Range: "x"'],                                      READ_SENT],
  [READ, ['Cache-Control: no-cache', 'Pragma: no-cache', 'Max-Forwards: 0'], READ_SENT],
  [READ, ['Content-Type: application/json'],                     READ_SENT],
  [READ, ['Content-Encoding: gzip'],                             READ_SENT],
  [READ, ['Content-Length: 0'],                                  READ_SENT],
  ['DELETE /couch/dmedia-0/doc', ['Content-Length: 0'],          'DELETE /dmedia-0/doc'],
  [PUT,  ['Content-MD5: x', 'Content-Disposition: x', 'Content-Location: /_users', 'Content-Range: bytes 0-1/2'], PUT_SENT],
  [PUT,  ['Content-Encoding: identity'],                         PUT_SENT],
  [PUT,  ['Expect: 100-continue'],                               PUT_SENT],
  [PUT,  ['Expect: 100-Continue', 'X-Auth-CouchDB-Roles: _admin', `Authorization: ${ADMIN}`], PUT_SENT],
  [READ, ['Expect: 100-continue', 'X-Auth-CouchDB-Roles: _admin'], READ_SENT],
  [READ, ['constructor: x', '__proto__: x', 'toString: x', 'hasOwnProperty: x'], READ_SENT],
  [READ, ['X-Bytes: \xff\xfe\x80'],                              READ_SENT],
  [READ, ['X-Tab:\tx\t'],                                        READ_SENT],
];

/** The fields that are passed on, each with the value that must arrive. */
// prettier-ignore
export const PASSED: readonly (readonly [name: string, value: string])[] = [
  ['Accept', 'multipart/mixed, application/json;q=0.5'],
  ['If-Match', '"1-a"'],
  ['If-None-Match', '"1-a"'],
  ['Last-Event-ID', '7'],
  ['Range', 'bytes=0-9'],
];

// prettier-ignore
export const REFUSED_HEADERS: readonly HeaderRow[] = [
  // One Host.
  [READ, ['Host: x', 'Host: x'],                        400, ['Host: x'],                      READ_SENT],
  [READ, ['Host: x', 'Host: _users'],                   400, ['Host: x', 'X-Host: _users'],    READ_SENT],
  [READ, ['Host: x', 'hOsT: y'],                        400, ['hOsT: y'],                      READ_SENT],
  [READ, ['Host: x', 'Accept: a/b', 'host: x'],         400, ['Host: x', 'Accept: a/b'],       READ_SENT],
  [READ, ['Host:', 'Host: x'],                          400, ['Host:'],                        READ_SENT],
  // One of each that means something.
  [READ, ['Host: x', 'Accept: a/b', 'Accept: c/d'],     400, ['Host: x', 'Accept: a/b, c/d'],  READ_SENT],
  [READ, ['Host: x', `Authorization: ${ADMIN}`, `Authorization: ${ADMIN}`], 400, ['Host: x', `Authorization: ${ADMIN}`], READ_SENT],
  [READ, ['Host: x', 'If-Match: "a"', 'If-Match: "b"'], 400, ['Host: x', 'If-Match: "a", "b"'], READ_SENT],
  [READ, ['Host: x', 'If-None-Match: "a"', 'if-none-match: "b"'], 400, ['Host: x', 'If-None-Match: "a", "b"'], READ_SENT],
  [READ, ['Host: x', 'Range: bytes=0-1', 'Range: bytes=2-3'], 400, ['Host: x', 'Range: bytes=0-1,2-3'], READ_SENT],
  [READ, ['Host: x', 'If-Range: "a"', 'If-Range: "b"'], 400, ['Host: x', 'If-Range: "a"'],     READ_SENT],
  [READ, ['Host: x', 'Last-Event-ID: 1', 'Last-Event-ID: 2'], 400, ['Host: x', 'Last-Event-ID: 1'], READ_SENT],
  [PUT,  ['Host: x', 'Content-Type: application/json', 'Content-Type: application/json'], 400, ['Host: x', 'Content-Type: application/json'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type: application/json', 'Content-Type: multipart/related; boundary=x'], 400, ['Host: x', 'Content-Type: application/json'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding: identity', 'Content-Encoding: gzip'], 400, ['Host: x', 'Content-Encoding: identity'], PUT_SENT],
  [PUT,  ['Host: x', 'Expect: 100-continue', 'Expect: 100-continue'], 400, ['Host: x', 'Expect: 100-continue'], PUT_SENT],
  // One expectation.
  [PUT,  ['Host: x', 'Expect: 200-ok'],                 417, ['Host: x', 'Expect: 100-continue'], PUT_SENT],
  [PUT,  ['Host: x', 'Expect: 100-continue, x'],        417, ['Host: x', 'Expect: 100-continue'], PUT_SENT],
  [PUT,  ['Host: x', 'Expect: 100-continue; x=y'],      417, ['Host: x', 'Expect: 100-CONTINUE'], PUT_SENT],
  [PUT,  ['Host: x', 'Expect: 100continue'],            417, ['Host: x', 'Expect: 100-continue'], PUT_SENT],
  [READ, ['Host: x', 'Expect: X-Auth-CouchDB-Roles'],   417, ['Host: x', 'Expect: 100-continue'], READ_SENT],
  // Nothing is upgraded.
  [READ, ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'], 400, ['Host: x', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'], READ_SENT],
  [READ, ['Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'], 400, ['Host: x', 'Connection: Upgrade'], READ_SENT],
  [READ, ['Host: x', 'Upgrade: TLS/1.3'],               400, ['Host: x', 'Upgrade-Insecure-Requests: 1'], READ_SENT],
  [PUT,  ['Host: x', 'connection: upgrade', 'upgrade: h2c'], 400, ['Host: x', 'connection: keep-alive'], PUT_SENT],
  // Types and encodings of a body.
  [PUT,  ['Host: x', 'Content-Encoding: gzip'],         415, ['Host: x', 'Content-Encoding: identity'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding: deflate'],      415, ['Host: x', 'Content-Encoding: IDENTITY'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding: br'],           415, ['Host: x'],                      PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding: x-gzip'],       415, ['Host: x'],                      PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding: identity, gzip'], 415, ['Host: x'],                    PUT_SENT],
  [PUT,  ['Host: x', 'Content-Encoding:'],              415, ['Host: x'],                      PUT_SENT],
  [PUT,  ['Host: x', 'content-encoding: GZIP'],         415, ['Host: x', 'content-encoding: identity'], PUT_SENT],
  ['PUT /couch/dmedia-0/doc/att', ['Host: x', 'Content-Encoding: gzip'], 415, ['Host: x'],     'PUT /dmedia-0/doc/att'],
  [PUT,  ['Host: x', 'Content-Type: text/plain'],       415, ['Host: x', 'Content-Type: application/json; charset=utf-8'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type: application/jsonp'], 415, ['Host: x', 'Content-Type: Application/JSON'], PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type: multipart/form-data; boundary=x'], 415, ['Host: x'],       PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type: application/x-www-form-urlencoded'], 415, ['Host: x'],     PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type:'],                  415, ['Host: x'],                      PUT_SENT],
  [PUT,  ['Host: x', 'Content-Type: text/json, application/json'], 415, ['Host: x'],           PUT_SENT],
  [POST, ['Host: x', 'Content-Type: multipart/related; boundary=x'], 415, ['Host: x', 'Content-Type: application/json'], POST_SENT],
  [POST, ['Host: x', 'Content-Type: application/x-www-form-urlencoded'], 415, ['Host: x', 'Content-Type: application/json'], POST_SENT],
  ['PUT /couch/dmedia-0/_local/x', ['Host: x', 'Content-Type: multipart/related; boundary=x'], 415, ['Host: x'], 'PUT /dmedia-0/_local/pc-{tag}-x'],
  // Fields that are none.
  [READ, ['Host: x', 'X-Roles : _admin'],               400, ['Host: x', 'X-Roles: _admin'],   READ_SENT],
  [READ, ['Host: x', 'Host : y'],                       400, ['Host: x', 'X-Host: y'],         READ_SENT],
  [READ, ['Host: x', 'no-colon'],                       400, ['Host: x', 'no: colon'],         READ_SENT],
  [READ, ['Host: x', ': no name'],                      400, ['Host: x', 'a: no name'],        READ_SENT],
  [READ, ['Host: x', 'X-\x00: x'],                      400, ['Host: x', 'X-: x'],             READ_SENT],
  [READ, ['Host: x', 'X-\xe9: x'],                      400, ['Host: x', 'X-e: x'],            READ_SENT],
  [READ, ['Host: x', 'X(y): x'],                        400, ['Host: x', 'Xy: x'],             READ_SENT],
  [READ, ['Host: x', 'X-Y: a\x00b'],                    400, ['Host: x', 'X-Y: ab'],           READ_SENT],
  [READ, ['Host: x', 'X-Y: a\x0bb'],                    400, ['Host: x', 'X-Y: a\tb'],         READ_SENT],
  [READ, ['Host: x', 'X-Y: a\x7fb'],                    400, ['Host: x', 'X-Y: ab'],           READ_SENT],
  [READ, ['Host: x', 'X-Y: a\rX-Z: b'],                 400, ['Host: x', 'X-Y: aX-Z: b'],      READ_SENT],
  [READ, [' Host: x', 'X-Y: a'],                        400, ['Host: x', 'X-Y: a'],            READ_SENT],
  [READ, ['Host: x', 'X-Y: a', ' folded'],              400, ['Host: x', 'X-Y: a folded'],     READ_SENT],
  [READ, ['Host: x', 'Authorization: a', '\tfolded'],   400, ['Host: x', 'Authorization: a folded'], READ_SENT],
  // COPY takes its target from a field.
  ['COPY /couch/dmedia-0/doc', ['Host: x', 'Destination: other'], 403, ['Host: x', 'Destination: other'], READ_SENT],
  ['COPY /couch/dmedia-0/doc', ['Host: x', 'Destination: _design/x'], 403, ['Host: x'],        READ_SENT],
];
