// Bodies: JSON that two parsers read differently (CVE-2017-12635), and documents that may not enter. Ada's role may
// send design documents to `dmedia-0`, and not to `dmedia-0-x`; `_local/` ids nobody may put into a body.

/**
 * A request line, a body that is refused, its status, the body that is let through, and what the upstream must be
 * sent; `sentBody` where it is not the twin as it is.
 */
export type BodyRow = readonly [
  line: string,
  refused: string,
  status: number,
  twin: string,
  sent: string,
  sentBody?: string,
];

const BULK = 'POST /couch/dmedia-0-x/_bulk_docs';
const BULK_SENT = 'POST /dmedia-0-x/_bulk_docs';
const DESIGN_BULK = 'POST /couch/dmedia-0/_bulk_docs';
const POST = 'POST /couch/dmedia-0-x';
const POST_SENT = 'POST /dmedia-0-x';
const PUT = 'PUT /couch/dmedia-0-x/doc';
const PUT_SENT = 'PUT /dmedia-0-x/doc';
const LOCAL = 'PUT /couch/dmedia-0-x/_local/x';
const LOCAL_SENT = 'PUT /dmedia-0-x/_local/pc-{tag}-x';
const KEYS = 'POST /couch/dmedia-0-x/_all_docs';
const KEYS_SENT = 'POST /dmedia-0-x/_all_docs';
const SELECTOR = 'POST /couch/dmedia-0-x/_changes?filter=_selector';
const SELECTOR_SENT = 'POST /dmedia-0-x/_changes?filter=_selector';
const THE_SELECTOR = '{"selector":{"_id":{"$regex":"^[^_]"}}}';
const DIFF = 'POST /couch/dmedia-0-x/_revs_diff';
const DIFF_SENT = 'POST /dmedia-0-x/_revs_diff';

/** As deep as a body may be, and one more. */
const MAX_DEPTH = 256;
const nested = (depth: number): string => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const nestedDocs = (depth: number): string =>
  `{"docs":[{"x":${'['.repeat(depth - 3)}${']'.repeat(depth - 3)}}]}`;
const manyAnd = (last: string): string => `{"docs":[${'{"_id":"a"},'.repeat(200)}${last}]}`;
const utf16 = (text: string): string => Buffer.from(text, 'utf16le').toString('latin1');
const GZIP_HEAD = '\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1\x01\x0d';

const plain = (text: string): readonly [string, string] => [text, BULK_SENT];

// prettier-ignore
export const BODIES: readonly BodyRow[] = [
  // Design documents in `_bulk_docs`.
  [BULK, '{"docs":[{"_id":"_design/x"}]}',                        403, ...plain('{"docs":[{"_id":"design/x"}]}')],
  [BULK, '{"docs":[{"_id":"\\u005fdesign/x"}]}',                  403, ...plain('{"docs":[{"_id":"\\u0064esign/x"}]}')],
  [BULK, '{"docs":[{"_id":"\\u005Fdesign/x"}]}',                  403, ...plain('{"docs":[{"_id":"\\u002Fdesign/x"}]}')],
  [BULK, '{"docs":[{"_id":"_\\u0064esign/x"}]}',                  403, ...plain('{"docs":[{"_id":"-\\u0064esign/x"}]}')],
  [BULK, '{"docs":[{"_id":"_design\\/x"}]}',                      403, ...plain('{"docs":[{"_id":"design\\/x"}]}')],
  [BULK, '{"docs":[{"_id":"_design\\u002fx"}]}',                  403, ...plain('{"docs":[{"_id":"design\\u002fx"}]}')],
  [BULK, '{"docs":[{"_id":"\\u005f\\u0064\\u0065\\u0073\\u0069\\u0067\\u006e\\u002f\\u0078"}]}', 403, ...plain('{"docs":[{"_id":"\\u0064\\u0065\\u0073\\u0069\\u0067\\u006e\\u002f\\u0078"}]}')],
  [BULK, '{"docs":[{"\\u005fid":"_design/x"}]}',                  403, ...plain('{"docs":[{"\\u005fid":"design/x"}]}')],
  [BULK, '{"docs":[{"_\\u0069d":"_design/x"}]}',                  403, ...plain('{"docs":[{"_\\u0069d":"x"}]}')],
  [BULK, '{"\\u0064ocs":[{"_id":"_design/x"}]}',                  403, ...plain('{"\\u0064ocs":[{"_id":"x"}]}')],
  [BULK, '{"docs":[{"_id":"_design/"}]}',                         403, ...plain('{"docs":[{"_id":"_design"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x","_deleted":true}]}',        403, ...plain('{"docs":[{"_id":"x","_deleted":true}]}')],
  [BULK, '{"docs":[{"views":{},"_id":"_design/x"}]}',             403, ...plain('{"docs":[{"views":{},"_id":"x"}]}')],
  [BULK, '{"new_edits":false,"docs":[{"_id":"_design/x","_rev":"1-a"}]}', 403, ...plain('{"new_edits":false,"docs":[{"_id":"x","_rev":"1-a"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x"}],"new_edits":false}',      403, ...plain('{"docs":[{"_id":"x"}],"new_edits":false}')],
  [BULK, '{"docs":[{"_id":"a"},{"_id":"_design/x"}]}',            403, ...plain('{"docs":[{"_id":"a"},{"_id":"b"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x"},{"_id":"a"}]}',            403, ...plain('{"docs":[{"_id":"b"},{"_id":"a"}]}')],
  [BULK, '{"docs":[{},{"_id":"_design/x"}]}',                     403, ...plain('{"docs":[{},{"_id":"x"}]}')],
  [BULK, '{"docs":[{"x":{"_id":"a"},"_id":"_design/x"}]}',        403, ...plain('{"docs":[{"x":{"_id":"_design/x"},"_id":"a"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x","x":[{"_id":"a"}]}]}',      403, ...plain('{"docs":[{"_id":"a","x":[{"_id":"_design/x"}]}]}')],
  [BULK, manyAnd('{"_id":"_design/x"}'),                          403, ...plain(manyAnd('{"_id":"x"}'))],
  [BULK, '  {\r\n\t"docs" : [ { "_id" : "_design/x" } ] } ',      403, ...plain('  {\r\n\t"docs" : [ { "_id" : "x" } ] } ')],
  [BULK, '{"x":[{"docs":[]}],"docs":[{"_id":"_design/x"}]}',      403, ...plain('{"x":[{"docs":[{"_id":"_design/x"}]}],"docs":[]}')],
  // `_local/` ids: also where design documents may enter.
  [BULK, '{"docs":[{"_id":"_local/x"}]}',                         403, ...plain('{"docs":[{"_id":"local/x"}]}')],
  [BULK, '{"docs":[{"_id":"\\u005flocal/x"}]}',                   403, ...plain('{"docs":[{"_id":"\\u006cocal/x"}]}')],
  [BULK, '{"docs":[{"_id":"_local\\/x"}]}',                       403, ...plain('{"docs":[{"_id":"local\\/x"}]}')],
  [BULK, '{"docs":[{"_id":"_local/x","_rev":"0-1"}],"new_edits":false}', 403, ...plain('{"docs":[{"_id":"x","_rev":"1-1"}],"new_edits":false}')],
  [BULK, '{"docs":[{"_id":"_local/pc-3456789ABCDEFGHI-x"}]}',     403, ...plain('{"docs":[{"_id":"pc-3456789ABCDEFGHI-x"}]}')],
  [BULK, '{"docs":[{"_id":"_local/x","_id":"a"}]}',               400, ...plain('{"docs":[{"_id":"a","id":"_local/x"}]}')],
  [DESIGN_BULK, '{"docs":[{"_id":"_local/x"}]}',                  403, '{"docs":[{"_id":"_design/x"}]}', 'POST /dmedia-0/_bulk_docs'],
  [DESIGN_BULK, '{"docs":[{"_id":"_design/x"},{"_id":"\\u005flocal/x"}]}', 403, '{"docs":[{"_id":"_design/x"},{"_id":"\\u005fdesign/y"}]}', 'POST /dmedia-0/_bulk_docs'],
  // Keys twice.
  [BULK, '{"docs":[{"_id":"a","_id":"_design/x"}]}',              400, ...plain('{"docs":[{"_id":"a","id":"_design/x"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x","_id":"a"}]}',              400, ...plain('{"docs":[{"id":"_design/x","_id":"a"}]}')],
  [BULK, '{"docs":[{"_id":"a","\\u005fid":"_design/x"}]}',        400, ...plain('{"docs":[{"_id":"a","\\u005fID":"_design/x"}]}')],
  [BULK, '{"docs":[{"_id":"a","_id":"a"}]}',                      400, ...plain('{"docs":[{"_id":"a"}]}')],
  [BULK, '{"docs":[{"_id":"a","_rev":"1-a","_rev":"2-b"}]}',      400, ...plain('{"docs":[{"_id":"a","_rev":"1-a"}]}')],
  [BULK, '{"docs":[{"_id":"a","x":1,"x":2}]}',                    400, ...plain('{"docs":[{"_id":"a","x":{"x":1}}]}')],
  [BULK, '{"docs":[{"_deleted":false,"_deleted":true}]}',         400, ...plain('{"docs":[{"_deleted":true}]}')],
  [BULK, '{"docs":[],"docs":[{"_id":"_design/x"}]}',              400, ...plain('{"docs":[],"doc":[{"_id":"_design/x"}]}')],
  [BULK, '{"docs":[{"_id":"_design/x"}],"docs":[]}',              403, ...plain('{"doc":[{"_id":"_design/x"}],"docs":[]}')],
  [BULK, '{"docs":[],"\\u0064ocs":[{"_id":"_design/x"}]}',        400, ...plain('{"docs":[],"\\u0044ocs":[{"_id":"_design/x"}]}')],
  [BULK, '{"docs":[],"docs":1}',                                  400, ...plain('{"docs":[],"d":1}')],
  [BULK, '{"new_edits":true,"docs":[],"new_edits":false}',        400, ...plain('{"docs":[],"new_edits":false}')],
  // Ids and documents that are none.
  [BULK, '{"docs":[{"_id":null}]}',                               400, ...plain('{"docs":[{"id":null}]}')],
  [BULK, '{"docs":[{"_id":1}]}',                                  400, ...plain('{"docs":[{"_id":"1"}]}')],
  [BULK, '{"docs":[{"_id":true}]}',                               400, ...plain('{"docs":[{"_id":"true"}]}')],
  [BULK, '{"docs":[{"_id":["_design/x"]}]}',                      400, ...plain('{"docs":[{"id":["_design/x"]}]}')],
  [BULK, '{"docs":[{"_id":{"_id":"_design/x"}}]}',                400, ...plain('{"docs":[{"id":{"_id":"_design/x"}}]}')],
  [BULK, '{"docs":{"_id":"_design/x"}}',                          400, ...plain('{"docs":[{"_id":"x"}]}')],
  [BULK, '{"docs":{"0":{"_id":"_design/x"},"length":1}}',         400, ...plain('{"docs":[{"0":{},"length":1}]}')],
  [BULK, '{"docs":null}',                                         400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":"[]"}',                                         400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[[{"_id":"_design/x"}]]}',                      400, ...plain('{"docs":[{"x":[{"_id":"_design/x"}]}]}')],
  [BULK, '{"docs":[null]}',                                       400, ...plain('{"docs":[{}]}')],
  [BULK, '{"docs":["_design/x"]}',                                400, ...plain('{"docs":[{"x":"_design/x"}]}')],
  [BULK, '{"docs":[{},1]}',                                       400, ...plain('{"docs":[{},{}]}')],
  [BULK, '{}',                                                    400, ...plain('{"docs":[]}')],
  [BULK, '{"Docs":[]}',                                           400, ...plain('{"docs":[]}')],
  [BULK, '{"x":{"docs":[]}}',                                     400, ...plain('{"x":{"docs":[]},"docs":[]}')],
  [BULK, '[{"_id":"_design/x"}]',                                 400, ...plain('{"docs":[{"_id":"x"}]}')],
  [BULK, '[]',                                                    400, ...plain('{"docs":[]}')],
  [BULK, 'null',                                                  400, ...plain('{"docs":[]}')],
  [BULK, '"docs"',                                                400, ...plain('{"docs":[]}')],
  [BULK, '1',                                                     400, ...plain('{"docs":[]}')],
  [BULK, ' ',                                                     400, ...plain(' {"docs":[]}')],
  // JSON that is none, whatever some parser says.
  [BULK, '{"docs":[]}{"docs":[{"_id":"_design/x"}]}',             400, ...plain('{"docs":[]} ')],
  [BULK, '{"docs":[]}x',                                          400, ...plain('{"docs":[]}\n')],
  [BULK, '{"docs":[]}\x00',                                       400, ...plain('{"docs":[]}')],
  [BULK, '\x00{"docs":[]}',                                       400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[]',                                            400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[}',                                            400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[)}',                                           400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[{}}]',                                         400, ...plain('{"docs":[{}]}')],
  [BULK, '{"docs":[]]',                                           400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[],}',                                          400, ...plain('{"docs":[]}')],
  [BULK, '{,"docs":[]}',                                          400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[{},]}',                                        400, ...plain('{"docs":[{}]}')],
  [BULK, '{"docs":[,{}]}',                                        400, ...plain('{"docs":[{}]}')],
  [BULK, '{"docs":[{} {}]}',                                      400, ...plain('{"docs":[{},{}]}')],
  [BULK, '{"docs" []}',                                           400, ...plain('{"docs":[]}')],
  [BULK, '{"docs"::[]}',                                          400, ...plain('{"docs":[]}')],
  [BULK, '{docs:[]}',                                             400, ...plain('{"docs":[]}')],
  [BULK, "{'docs':[]}",                                           400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[]/**/}',                                       400, ...plain('{"docs":[]}')],
  [BULK, '//\n{"docs":[]}',                                       400, ...plain('\n{"docs":[]}')],
  [BULK, '{"docs":[{"x":NaN}]}',                                  400, ...plain('{"docs":[{"x":null}]}')],
  [BULK, '{"docs":[{"x":Infinity}]}',                             400, ...plain('{"docs":[{"x":1e400}]}')],
  [BULK, '{"docs":[{"x":undefined}]}',                            400, ...plain('{"docs":[{"x":null}]}')],
  [BULK, '{"docs":[{"x":True}]}',                                 400, ...plain('{"docs":[{"x":true}]}')],
  [BULK, '{"docs":[{"x":01}]}',                                   400, ...plain('{"docs":[{"x":10}]}')],
  [BULK, '{"docs":[{"x":+1}]}',                                   400, ...plain('{"docs":[{"x":-1}]}')],
  [BULK, '{"docs":[{"x":.5}]}',                                   400, ...plain('{"docs":[{"x":0.5}]}')],
  [BULK, '{"docs":[{"x":5.}]}',                                   400, ...plain('{"docs":[{"x":5.0}]}')],
  [BULK, '{"docs":[{"x":0x5}]}',                                  400, ...plain('{"docs":[{"x":5}]}')],
  [BULK, '{"docs":[{"x":1e}]}',                                   400, ...plain('{"docs":[{"x":1e1}]}')],
  [BULK, '{"docs":[{"x":-}]}',                                    400, ...plain('{"docs":[{"x":-0}]}')],
  [BULK, '{"docs":[{"x":1_000}]}',                                400, ...plain('{"docs":[{"x":1000}]}')],
  [BULK, `{"docs":[{"x":${'1'.repeat(1025)}}]}`,                  400, ...plain(`{"docs":[{"x":${'1'.repeat(1024)}}]}`)],
  [BULK, '{"docs":[{"x":"\n"}]}',                                 400, ...plain('{"docs":[{"x":"\\n"}]}')],
  [BULK, '{"docs":[{"x":"\t"}]}',                                 400, ...plain('{"docs":[{"x":"\\t"}]}')],
  [BULK, '{"docs":[{"x":"\x00"}]}',                               400, ...plain('{"docs":[{"x":"\\u0000"}]}')],
  [BULK, '{"docs":[{"x":"\\x41"}]}',                              400, ...plain('{"docs":[{"x":"\\u0041"}]}')],
  [BULK, '{"docs":[{"x":"\\u41"}]}',                              400, ...plain('{"docs":[{"x":"\\u0041"}]}')],
  [BULK, '{"docs":[{"x":"\\u{41}"}]}',                            400, ...plain('{"docs":[{"x":"\\u0041"}]}')],
  [BULK, '{"docs":[{"x":"\\u00e"}]}',                             400, ...plain('{"docs":[{"x":"\\u00e9"}]}')],
  [BULK, '{"docs":[{"x":"\\\n"}]}',                               400, ...plain('{"docs":[{"x":"\\\\"}]}')],
  [BULK, '{"docs":[{"x":"\\"}]}',                                 400, ...plain('{"docs":[{"x":"\\""}]}')],
  [BULK, '{"docs":\xa0[]}',                                       400, ...plain('{"docs":\x20[]}')],
  [BULK, '{"docs":\x0c[]}',                                       400, ...plain('{"docs":\x0d[]}')],
  // Bytes that are not UTF-8, or another encoding.
  [BULK, '\xef\xbb\xbf{"docs":[]}',                               400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":[{"x":"\xff"}]}',                               400, ...plain('{"docs":[{"x":"\xc3\xbf"}]}')],
  [BULK, '{"docs":[{"x":"\xe9"}]}',                               400, ...plain('{"docs":[{"x":"\xc3\xa9"}]}')],
  [BULK, '{"docs":[{"x":"\x80"}]}',                               400, ...plain('{"docs":[{"x":"\xc2\x80"}]}')],
  [BULK, '{"docs":[{"x":"\xc3"}]}',                               400, ...plain('{"docs":[{"x":"\xc3\xa9"}]}')],
  [BULK, '{"docs":[{"_id":"\xc1\x9fdesign/x"}]}',                 400, ...plain('{"docs":[{"_id":"\xc3\x9fdesign/x"}]}')],
  [BULK, '{"docs":[{"_id":"\xe0\x81\x9fdesign/x"}]}',             400, ...plain('{"docs":[{"_id":"\xe1\x81\x9fdesign/x"}]}')],
  [BULK, '{"docs":[{"_id":"\xc0\xaf"}]}',                         400, ...plain('{"docs":[{"_id":"\xc2\xaf"}]}')],
  [BULK, '{"docs":[{"x":"\xed\xa0\x80"}]}',                       400, ...plain('{"docs":[{"x":"\xed\x9f\xbf"}]}')],
  [BULK, '{"docs":[{"x":"\xf4\x90\x80\x80"}]}',                   400, ...plain('{"docs":[{"x":"\xf4\x8f\xbf\xbf"}]}')],
  [BULK, '{"docs":[{"x":"\xf8\x88\x80\x80\x80"}]}',               400, ...plain('{"docs":[{"x":"\xf0\x90\x80\x80"}]}')],
  [BULK, utf16('{"docs":[]}'),                                    400, ...plain('{"docs":[]}')],
  [BULK, `\xff\xfe${utf16('{"docs":[]}')}`,                       400, ...plain('{"docs":[]}')],
  [BULK, GZIP_HEAD,                                          400, ...plain('{"docs":[]}')],
  // Depth.
  [BULK, nestedDocs(MAX_DEPTH + 1),                               400, ...plain(nestedDocs(MAX_DEPTH))],
  [BULK, nestedDocs(100_000),                                     400, ...plain(nestedDocs(100))],
  [BULK, '['.repeat(300_000),                                     400, ...plain('{"docs":[]}')],
  [BULK, '{"docs":['.repeat(50_000),                              400, ...plain('{"docs":[]}')],
  [PUT,  nested(MAX_DEPTH + 1),                                   400, nested(MAX_DEPTH), PUT_SENT],
  [DIFF, nested(MAX_DEPTH + 1),                                   400, nested(MAX_DEPTH), DIFF_SENT],
  // A document of its own.
  [POST, '{"_id":"_design/x"}',                                   403, '{"_id":"design/x"}', POST_SENT],
  [POST, '{"_id":"\\u005fdesign/x"}',                             403, '{"_id":"\\u0064esign/x"}', POST_SENT],
  [POST, '{"\\u005fid":"_design/x"}',                             403, '{"\\u005fid":"x"}', POST_SENT],
  [POST, '{"x":{"_id":"a"},"_id":"_design\\/x"}',                 403, '{"x":{"_id":"_design/x"},"_id":"a"}', POST_SENT],
  [POST, '{"_id":"a","_id":"_design/x"}',                         400, '{"_id":"a"}', POST_SENT],
  [POST, '{"_id":"_design/x","_id":"a"}',                         400, '{"_id":"a"}', POST_SENT],
  [POST, '{"_id":"a","\\u005fid":"_design/x"}',                   400, '{"_id":"a","\\u005fix":"_design/x"}', POST_SENT],
  [POST, '{"_id":"_local/x"}',                                    403, '{"_id":"local/x"}', POST_SENT],
  [POST, '{"_id":"\\u005flocal/x","_rev":"0-1"}',                 403, '{"_id":"\\u006cocal/x","_rev":"1-1"}', POST_SENT],
  [POST, '{"_id":"_local/x","_id":"_local/x"}',                   400, '{"_id":"x"}', POST_SENT],
  ['POST /couch/dmedia-0', '{"_id":"_local/x"}',                  403, '{"_id":"_design/x"}', 'POST /dmedia-0'],
  ['POST /couch/dmedia-0-x/', '{"_id":"_design/x"}',              403, '{"_id":"x"}', POST_SENT],
  [POST, '{"_id":7}',                                             400, '{"_id":"7"}', POST_SENT],
  [POST, '{"_id":null}',                                          400, '{"_id":"null"}', POST_SENT],
  [POST, '[{"_id":"_design/x"}]',                                 400, '{"x":[{"_id":"_design/x"}]}', POST_SENT],
  // A document under its name.
  [PUT,  '{"_id":"other"}',                                       400, '{"_id":"doc"}', PUT_SENT],
  [PUT,  '{"_id":"_design/x"}',                                   400, '{"_id":"d\\u006fc"}', PUT_SENT],
  [PUT,  '{"_id":"\\u005fdesign/x"}',                             400, '{"\\u005fid":"doc"}', PUT_SENT],
  [PUT,  '{"_id":"doc","_id":"_design/x"}',                       400, '{"_id":"doc","x":"_design/x"}', PUT_SENT],
  [PUT,  '{"_id":"_local/x"}',                                    400, '{"id":"_local/x"}', PUT_SENT],
  [PUT,  '{"_id":"Doc"}',                                         400, '{"_id":"doc"}', PUT_SENT],
  [PUT,  '{"_id":"doc "}',                                        400, '{"_id":"doc"}', PUT_SENT],
  [PUT,  '{"_id":"doc\\u0000"}',                                  400, '{"_id":"doc"}', PUT_SENT],
  [PUT,  '{"_id":""}',                                            400, '{"":"_id"}', PUT_SENT],
  [PUT,  '{"_id":["doc"]}',                                       400, '{"x":["doc"]}', PUT_SENT],
  [PUT,  '{"_rev":"1-a","_rev":"2-b"}',                           400, '{"_rev":"1-a"}', PUT_SENT],
  [PUT,  '"_design/x"',                                           400, '{"_design/x":0}', PUT_SENT],
  ['PUT /couch/dmedia-0/_design/x', '{"_id":"x"}',                400, '{"_id":"_design/x"}', 'PUT /dmedia-0/_design/x'],
  ['PUT /couch/dmedia-0/_design/x', '{"_id":"_design/y"}',        400, '{"_id":"\\u005fdesign/x"}', 'PUT /dmedia-0/_design/x'],
  ['PUT /couch/dmedia-0/x%2Fy', '{"_id":"x%2Fy"}',                400, '{"_id":"x/y"}', 'PUT /dmedia-0/x%2Fy'],
  // A local document: its name is mapped, in the body too, and what goes up is written anew.
  [LOCAL, '{"_id":"_local/y"}',                                   400, '{"_id":"_local/x"}', LOCAL_SENT, '{"_id":"_local/pc-{tag}-x"}'],
  [LOCAL, '{"_id":"x"}',                                          400, '{"id":"x"}', LOCAL_SENT],
  [LOCAL, '{"_id":"_local/pc-{tag}-x"}',                          400, '{"_id":"\\u005flocal/x"}', LOCAL_SENT, '{"_id":"_local/pc-{tag}-x"}'],
  [LOCAL, '{"_id":"_local/x","_id":"_local/y"}',                  400, '{"_id":"_local/x","x":{"x":1,"x":2}}', LOCAL_SENT, '{"_id":"_local/pc-{tag}-x","x":{"x":2}}'],
  [LOCAL, '{"_id":null}',                                         400, '{"__proto__":{"_id":null}}', LOCAL_SENT],
  [LOCAL, '[]',                                                   400, '{}', LOCAL_SENT],
  // Keys and filters.
  [KEYS, '{"keys":["a"],"queries":[]}',                           400, '{"keys":["a"],"limit":1}', KEYS_SENT],
  [KEYS, '{"queries":[{"keys":["a"]}]}',                          400, '{"keys":["a"]}', KEYS_SENT],
  [KEYS, '{"\\u0071ueries":[]}',                                  400, '{"\\u006beys":[]}', KEYS_SENT, '{"keys":[]}'],
  [KEYS, '{"keys":[],"keys":["a"]}',                              400, '{"keys":["a"]}', KEYS_SENT],
  [KEYS, '{"keys":["a"],"filter":"x/y"}',                         400, '{"keys":["a"],"include_docs":true}', KEYS_SENT],
  [KEYS, '{"__proto__":{"queries":[]}}',                          400, '{"keys":[{"__proto__":{}}]}', KEYS_SENT],
  [KEYS, '["a"]',                                                 400, '{"keys":["a"]}', KEYS_SENT],
  ['POST /couch/dmedia-0-x/_changes', '{"selector":{}}',          400, '{"doc_ids":[]}', 'POST /dmedia-0-x/_changes'],
  ['POST /couch/dmedia-0-x/_changes', THE_SELECTOR,               400, '{}', 'POST /dmedia-0-x/_changes'],
  ['POST /couch/dmedia-0-x/_changes?filter=_doc_ids', '{"doc_ids":[],"fields":[]}', 400, '{"doc_ids":["a"]}', 'POST /dmedia-0-x/_changes?filter=_doc_ids'],
  ['POST /couch/dmedia-0-x/_changes?filter=_doc_ids', '{"filter":"x/y"}', 400, '{"doc_ids":["x/y"]}', 'POST /dmedia-0-x/_changes?filter=_doc_ids'],
  [SELECTOR, '{"selector":{}}',                                   403, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"selector":{"_id":{"$regex":"^"}}}',               403, '{"selector":{"_id":{"$regex":"\\u005e[^_]"}}}', SELECTOR_SENT, THE_SELECTOR],
  [SELECTOR, '{"selector":{"_id":{"$regex":"^[^_]","$gt":null}}}', 403, '{ "selector" : { "_id" : { "$regex" : "^[^_]" } } }', SELECTOR_SENT, THE_SELECTOR],
  [SELECTOR, '{"selector":{"x":1,"_id":{"$regex":"^[^_]"}}}',     403, '{"selector":{"_id":{"$regex":".*","$regex":"^[^_]"}}}', SELECTOR_SENT, THE_SELECTOR],
  [SELECTOR, '{"selector":{"_id":{"$regex":"^[^_]","$regex":".*"}}}', 403, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"selector":{"$or":[{"_id":{"$regex":"^[^_]"}}]}}', 403, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"selector":"_id"}',                                403, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"selector":null}',                                 403, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"doc_ids":[]}',                                    400, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{}',                                                400, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, '{"__proto__":{"selector":{}}}',                     400, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, `${THE_SELECTOR.slice(0, -1)},"fields":[]}`,         400, THE_SELECTOR, SELECTOR_SENT],
  [SELECTOR, `{"selector":{},${THE_SELECTOR.slice(1)}`,           400, THE_SELECTOR, SELECTOR_SENT],
  ['POST /couch/dmedia-0/_changes?filter=_selector', '{"doc_ids":[]}', 400, '{"selector":{"x":1}}', 'POST /dmedia-0/_changes?filter=_selector'],
  // Other objects.
  [DIFF, '[]',                                                    400, '{}', DIFF_SENT],
  [DIFF, '{"a":["1-a"],"a":["2-b"]}',                             400, '{"a":["1-a","2-b"]}', DIFF_SENT],
  [DIFF, '{"\\u0061":["1-a"],"a":["2-b"]}',                       400, '{"\\u0061":["1-a"],"b":["2-b"]}', DIFF_SENT],
  [DIFF, '{"a":["1-a"]',                                          400, '{"__proto__":["1-a"],"constructor":["1-a"]}', DIFF_SENT],
  ['POST /couch/dmedia-0-x/_bulk_get', '{"docs":[],"docs":[]}',   400, '{"docs":[]}', 'POST /dmedia-0-x/_bulk_get'],
  ['POST /couch/dmedia-0-x/_bulk_get', '{"docs":[{"id":"a"}]',    400, '{"docs":[{"id":"a"}]}', 'POST /dmedia-0-x/_bulk_get'],
  ['POST /couch/dmedia-0-x/_missing_revs', 'null',                400, '{}', 'POST /dmedia-0-x/_missing_revs'],
  ['POST /couch/dmedia-0-x/_ensure_full_commit', '[',             400, '{}', 'POST /dmedia-0-x/_ensure_full_commit'],
  ['POST /couch/dmedia-0/_find', '{"selector":{},"selector":{}}', 400, '{"selector":{}}', 'POST /dmedia-0/_find'],
  ['POST /couch/dmedia-0/_find', '{"selector":{}}x',              400, '{"selector":{}}', 'POST /dmedia-0/_find'],
  ['POST /couch/dmedia-0/_explain', '[]',                         400, '{"selector":{}}', 'POST /dmedia-0/_explain'],
  ['POST /couch/dmedia-0/_design/x/_view/y', '{"keys":[],"keys":[]}', 400, '{"keys":[]}', 'POST /dmedia-0/_design/x/_view/y'],
];
