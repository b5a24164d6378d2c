// The framing of a body (RFC 9112 sections 6 and 7). Where two servers could see the end of a request in two places,
// the connection ends; so does any that is not HTTP. Each message is whole, and `REST` is what an attacker would have
// taken for the next request.

/** What is tried, the message, its status, the twin, and what the upstream must be sent for the twin. */
export type FramingRow = readonly [
  what: string,
  refused: string,
  status: number | 'closed',
  twin: string,
  sent: string,
];

const message = (line: string, fields: readonly string[], body = ''): string =>
  `${[`${line} HTTP/1.1`, 'Host: x', ...fields].join('\r\n')}\r\n\r\n${body}`;

const REST = 'GET /couch/dmedia-0/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKS = '2\r\n{}\r\n0\r\n\r\n';

const put = (fields: readonly string[], body: string): string =>
  message('PUT /couch/dmedia-0/doc', fields, body);
const PUT_PLAIN = [put(['Content-Length: 2'], '{}'), 'PUT /dmedia-0/doc'] as const;
const PUT_CHUNKED = [put([CHUNKED], CHUNKS), 'PUT /dmedia-0/doc'] as const;

const length = (value: string): string => put([`Content-Length: ${value}`], '{}');
const coding = (value: string): string => put([`Transfer-Encoding: ${value}`], CHUNKS);
const chunks = (body: string): string => put([CHUNKED], body);

const get = message('GET /couch/dmedia-0/doc', []);
const GET = [get, 'GET /dmedia-0/doc'] as const;

// prettier-ignore
export const FRAMING: readonly FramingRow[] = [
  ['a length and a coding',               put(['Content-Length: 2', CHUNKED], CHUNKS),                  400, ...PUT_CHUNKED],
  ['a coding and a length',               put([CHUNKED, 'Content-Length: 2'], CHUNKS),                  400, ...PUT_CHUNKED],
  ['a length that hides a request',       put(['Content-Length: 4', CHUNKED], `2\r\n{}\r\n0\r\n\r\n${REST}`), 400, ...PUT_CHUNKED],
  ['a coding that hides a request',       put(['Content-Length: 70', CHUNKED], `0\r\n\r\n${REST}`),    400, ...PUT_CHUNKED],
  ['no length and a coding',              put(['Content-Length: 0', CHUNKED], CHUNKS),                  400, ...PUT_CHUNKED],
  // Lengths.
  ['two lengths',                         put(['Content-Length: 2', 'Content-Length: 3'], '{} '),       400, ...PUT_PLAIN],
  ['the same length twice',               put(['Content-Length: 2', 'Content-Length: 2'], '{}'),        400, ...PUT_PLAIN],
  ['two lengths, one of them 0',          put(['Content-Length: 0', 'Content-Length: 2'], '{}'),        400, ...PUT_PLAIN],
  ['a list of lengths',                   length('2, 2'),                                               400, ...PUT_PLAIN],
  ['a list of two lengths',               length('2,3'),                                                400, ...PUT_PLAIN],
  ['a length with a plus',                length('+2'),                                                 400, ...PUT_PLAIN],
  ['a length with a minus',               length('-2'),                                                 400, ...PUT_PLAIN],
  ['a hexadecimal length',                length('0x2'),                                                400, ...PUT_PLAIN],
  ['a length with an exponent',           length('2e0'),                                                400, ...PUT_PLAIN],
  ['a length with a point',               length('2.0'),                                                400, ...PUT_PLAIN],
  ['a length with an underscore',         length('0_2'),                                                400, ...PUT_PLAIN],
  ['a length with a space',               length('0 2'),                                                400, ...PUT_PLAIN],
  ['a length with a parameter',           length('2;x'),                                                400, ...PUT_PLAIN],
  ['a length with a letter',              length('2a'),                                                 400, ...PUT_PLAIN],
  ['a length in quotes',                  length('"2"'),                                                400, ...PUT_PLAIN],
  ['a length that is a word',             length('two'),                                                400, ...PUT_PLAIN],
  ['a length in Arabic digits',           length('\xd9\xa2'),                                           400, ...PUT_PLAIN],
  ['a length with a vertical tab',        length('\x0b2'),                                              400, ...PUT_PLAIN],
  ['a length that is empty',              length(''),                                                   400, ...PUT_PLAIN],
  ['a length beyond 64 bits',             length('36893488147419103234'),                               400, ...PUT_PLAIN],
  ['a length beyond 2^53',                length('9007199254740994'),                                   400, ...PUT_PLAIN],
  ['a length folded over two lines',      put(['Content-Length:', ' 2'], '{}'),                         400, ...PUT_PLAIN],
  ['a length with a space in its name',   put(['Content-Length : 2'], '{}'),                            400, ...PUT_PLAIN],
  // Codings.
  ['two codings, chunked last',           coding('gzip, chunked'),                                      400, ...PUT_CHUNKED],
  ['two codings, chunked first',          coding('chunked, gzip'),                                      400, ...PUT_CHUNKED],
  ['chunked twice',                       coding('chunked, chunked'),                                   400, ...PUT_CHUNKED],
  ['chunked in two fields',               put([CHUNKED, CHUNKED], CHUNKS),                              400, ...PUT_CHUNKED],
  ['chunked and another field',           put([CHUNKED, 'Transfer-Encoding: identity'], CHUNKS),        400, ...PUT_CHUNKED],
  ['another field and chunked',           put(['Transfer-Encoding: gzip', CHUNKED], CHUNKS),            400, ...PUT_CHUNKED],
  ['identity',                            coding('identity'),                                           400, ...PUT_CHUNKED],
  ['identity and chunked',                coding('identity, chunked'),                                  400, ...PUT_CHUNKED],
  ['identity and a length',               put(['Transfer-Encoding: identity', 'Content-Length: 2'], '{}'), 400, ...PUT_PLAIN],
  ['an unknown coding',                   coding('x'),                                                  400, ...PUT_CHUNKED],
  ['chunked with a letter before it',     coding('xchunked'),                                           400, ...PUT_CHUNKED],
  ['chunked with a letter after it',      coding('chunkedx'),                                           400, ...PUT_CHUNKED],
  ['chunked with a parameter',            coding('chunked;q=1'),                                        400, ...PUT_CHUNKED],
  ['chunked in quotes',                   coding('"chunked"'),                                          400, ...PUT_CHUNKED],
  ['chunked after a comma',               coding(', chunked'),                                          400, ...PUT_CHUNKED],
  ['chunked before a comma',              coding('chunked,'),                                           400, ...PUT_CHUNKED],
  ['chunked after a vertical tab',        coding('\x0bchunked'),                                        400, ...PUT_CHUNKED],
  ['chunked before a NUL',                coding('chunked\x00'),                                        400, ...PUT_CHUNKED],
  ['chunked before a no-break space',     coding('chunked\xa0'),                                        400, ...PUT_CHUNKED],
  ['an empty coding',                     coding(''),                                                   400, ...PUT_CHUNKED],
  ['chunked folded over two lines',       put(['Transfer-Encoding:', ' chunked'], CHUNKS),              400, ...PUT_CHUNKED],
  ['chunked with a space in the name',    put(['Transfer-Encoding : chunked'], CHUNKS),                 400, ...PUT_CHUNKED],
  ['chunked with a tab in the name',      put(['Transfer-Encoding\t: chunked'], CHUNKS),                400, ...PUT_CHUNKED],
  ['chunked in HTTP/1.0',                 `PUT /couch/dmedia-0/doc HTTP/1.0\r\nHost: x\r\n${CHUNKED}\r\n\r\n${CHUNKS}`, 400, ...PUT_CHUNKED],
  // Chunks.
  ['a chunk size that is none',           chunks('x\r\n{}\r\n0\r\n\r\n'),                               'closed', ...PUT_CHUNKED],
  ['a chunk size that is empty',          chunks('\r\n{}\r\n0\r\n\r\n'),                                'closed', ...PUT_CHUNKED],
  ['a chunk size with a minus',           chunks('-2\r\n{}\r\n0\r\n\r\n'),                              'closed', ...PUT_CHUNKED],
  ['a chunk size with a plus',            chunks('+2\r\n{}\r\n0\r\n\r\n'),                              'closed', ...PUT_CHUNKED],
  ['a chunk size with 0x',                chunks('0x2\r\n{}\r\n0\r\n\r\n'),                             'closed', ...PUT_CHUNKED],
  ['a chunk size with an underscore',     chunks('0_2\r\n{}\r\n0\r\n\r\n'),                             'closed', ...PUT_CHUNKED],
  ['a chunk size after a space',          chunks(' 2\r\n{}\r\n0\r\n\r\n'),                              'closed', ...PUT_CHUNKED],
  ['a chunk size beyond 64 bits',         chunks('10000000000000002\r\n{}\r\n0\r\n\r\n'),               'closed', ...PUT_CHUNKED],
  ['a chunk that is too long',            chunks('2\r\n{}x\r\n0\r\n\r\n'),                              'closed', ...PUT_CHUNKED],
  ['a chunk that is too short',           chunks('3\r\n{}\r\n0\r\n\r\n'),                               'closed', ...PUT_CHUNKED],
  ['a chunk without an end',              chunks('2\r\n{}0\r\n\r\n'),                                   'closed', ...PUT_CHUNKED],
  ['a chunk that a bare LF ends',         chunks('2\r\n{}\n0\r\n\r\n'),                                 'closed', ...PUT_CHUNKED],
  ['a chunk size that a bare CR ends',    chunks('2\r{}\r\n0\r\n\r\n'),                                 'closed', ...PUT_CHUNKED],
  ['a chunk extension with a NUL',        chunks('2;\x00\r\n{}\r\n0\r\n\r\n'),                          'closed', ...PUT_CHUNKED],
  ['a chunk extension with a bare LF',    chunks(`2;\n{}\r\n0\r\n\r\n`),                                'closed', ...PUT_CHUNKED],
  ['a trailer that is no field',          chunks('2\r\n{}\r\n0\r\nno colon\r\n\r\n'),                   'closed', ...PUT_CHUNKED],
  ['a trailer with a space in its name',  chunks('2\r\n{}\r\n0\r\nX : y\r\n\r\n'),                      'closed', ...PUT_CHUNKED],
  ['a trailer with a NUL',                chunks('2\r\n{}\r\n0\r\nX: \x00\r\n\r\n'),                    'closed', ...PUT_CHUNKED],
  ['a trailer that is a length',          chunks('2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n'),         'closed', ...PUT_CHUNKED],
  ['a trailer that is a coding',          chunks(`2\r\n{}\r\n0\r\n${CHUNKED}\r\n\r\n`),                'closed', ...PUT_CHUNKED],
  ['a trailer that a bare LF ends',       chunks('2\r\n{}\r\n0\r\nX: y\n\r\n'),                      'closed', ...PUT_CHUNKED],
  ['a chunk size that a bare LF ends',    chunks('2\n{}\r\n0\r\n\r\n'),                                'closed', ...PUT_CHUNKED],
  ['a chunk size before a space',         chunks('2 \r\n{}\r\n0\r\n\r\n'),                             'closed', ...PUT_CHUNKED],
  ['a last chunk that a bare LF ends',    chunks('2\r\n{}\r\n0\n\n'),                                  'closed', ...PUT_CHUNKED],
  ['a chunked body that a bare LF ends',  chunks('2\r\n{}\r\n0\r\n\n'),                                'closed', ...PUT_CHUNKED],
  // Bodies where there is none.
  ['GET with a body',                     message('GET /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, ...GET],
  ['GET with a request as its body',      message('GET /couch/dmedia-0/doc', [`Content-Length: ${REST.length}`], REST), 400, ...GET],
  ['GET with a chunked body',             message('GET /couch/dmedia-0/doc', [CHUNKED], CHUNKS),        400, ...GET],
  ['GET with no chunk',                   message('GET /couch/dmedia-0/doc', [CHUNKED], '0\r\n\r\n'),   400, ...GET],
  ['GET that waits with a body',          message('GET /couch/dmedia-0/doc', ['Expect: 100-continue', 'Content-Length: 2'], '{}'), 400, ...GET],
  ['GET of changes with a body',          message('GET /couch/dmedia-0/_changes', ['Content-Length: 2'], '{}'), 400, message('GET /couch/dmedia-0/_changes', []), 'GET /dmedia-0/_changes'],
  ['HEAD with a body',                    message('HEAD /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, message('HEAD /couch/dmedia-0/doc', []), 'HEAD /dmedia-0/doc'],
  ['HEAD with a chunked body',            message('HEAD /couch/dmedia-0/doc', [CHUNKED], CHUNKS),       400, message('HEAD /couch/dmedia-0/doc', ['Content-Length: 0']), 'HEAD /dmedia-0/doc'],
  ['DELETE with a body',                  message('DELETE /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, message('DELETE /couch/dmedia-0/doc', []), 'DELETE /dmedia-0/doc'],
  ['DELETE with a chunked body',          message('DELETE /couch/dmedia-0/doc', [CHUNKED], CHUNKS),     400, message('DELETE /couch/dmedia-0/doc', ['Content-Length: 0']), 'DELETE /dmedia-0/doc'],
  ['DELETE with a request in a chunk',    message('DELETE /couch/dmedia-0/doc', [CHUNKED], `${REST.length.toString(16)}\r\n${REST}\r\n0\r\n\r\n`), 400, message('DELETE /couch/dmedia-0/doc', []), 'DELETE /dmedia-0/doc'],
  ['OPTIONS with a body',                 message('OPTIONS /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, ...GET],
  ['OPTIONS with a chunked body',         message('OPTIONS /couch/dmedia-0/doc', [CHUNKED], CHUNKS),    400, ...GET],
  ['COPY with a body',                    message('COPY /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, ...GET],
  ['PATCH with a body',                   message('PATCH /couch/dmedia-0/doc', ['Content-Length: 2'], '{}'), 400, ...PUT_PLAIN],
  ['PUT of an own document of GET form',  message('GET /couch/dmedia-0/_local/x', ['Content-Length: 2'], '{}'), 400, message('GET /couch/dmedia-0/_local/x', []), 'GET /dmedia-0/_local/pc-{tag}-x'],
  ['PUT of a database with a body',       message('PUT /couch/dmedia-0', ['Content-Length: 2'], '{}'),  400, ...PUT_PLAIN],
  // Line ends.
  ['bare LF for line ends',               'GET /couch/dmedia-0/doc HTTP/1.1\nHost: x\n\n',       400, ...GET],
  ['a bare LF after the first line',      'GET /couch/dmedia-0/doc HTTP/1.1\nHost: x\r\n\r\n',   400, ...GET],
  ['a bare LF after a field',             'GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\n\r\n',   400, ...GET],
  ['a bare LF at the end',                'GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\r\n\n',   400, ...GET],
  ['bare CR for line ends',               'GET /couch/dmedia-0/doc HTTP/1.1\rHost: x\r\r',       400, ...GET],
  ['a bare CR at the end of a line',      'GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\rAccept: a/b\r\n\r\n', 400, ...GET],
  ['a bare CR before the end',            'GET /couch/dmedia-0/doc HTTP/1.1\r\nHost: x\r\n\rGET', 400, ...GET],
  ['two CR at the end of a line',         'GET /couch/dmedia-0/doc HTTP/1.1\r\r\nHost: x\r\n\r\n', 400, ...GET],
];

/** Framing that is odd and has one reading: what the upstream must be sent, and its body. */
// prettier-ignore
export const HARMLESS_FRAMING: readonly (readonly [what: string, request: string, sent: string, body: string])[] = [
  ['spaces around a length',      length('  2  '),                                'PUT /dmedia-0/doc', '{}'],
  ['a length with zeros',         length('0002'),                                 'PUT /dmedia-0/doc', '{}'],
  ['chunked in capitals',         coding('CHUNKED'),                              'PUT /dmedia-0/doc', '{}'],
  ['chunked after a tab',         coding('\tchunked '),                           'PUT /dmedia-0/doc', '{}'],
  ['a chunk size with zeros',     chunks('00000002\r\n{}\r\n000\r\n\r\n'),       'PUT /dmedia-0/doc', '{}'],
  ['a chunk size in capitals',    chunks('A\r\n{        }\r\n0\r\n\r\n'),       'PUT /dmedia-0/doc', '{        }'],
  ['a chunk extension',           chunks('2;a=b\r\n{}\r\n0\r\n\r\n'),           'PUT /dmedia-0/doc', '{}'],
  ['a chunk for each byte',       chunks('1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'),    'PUT /dmedia-0/doc', '{}'],
  ['a chunked attachment',        message('PUT /couch/dmedia-0/doc/att', [CHUNKED], CHUNKS), 'PUT /dmedia-0/doc/att', '{}'],
  ['a trailer',                   chunks('2\r\n{}\r\n0\r\nX-Auth-CouchDB-Roles: _admin\r\n\r\n'), 'PUT /dmedia-0/doc', '{}'],
  ['a trailer of an attachment',  message('PUT /couch/dmedia-0/doc/att', [CHUNKED], '2\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n'), 'PUT /dmedia-0/doc/att', '{}'],
  ['empty lines before it',       `\r\n\r\n${get}`,                              'GET /dmedia-0/doc', ''],
  ['an empty line after it',      `${get}\r\n`,                                  'GET /dmedia-0/doc', ''],
  ['no body at all',              message('POST /couch/dmedia-0/_ensure_full_commit', []), 'POST /dmedia-0/_ensure_full_commit', ''],
];
