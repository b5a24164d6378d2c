// Names of blobs: a path on the disk can be made of a blob id and of nothing else. To Grace a blob is given when a
// document says so, and that is what the upstream is asked; `{id}` is an id that nobody asked for before.

/** "METHOD target" that is refused, its status, and the twin about which the upstream is asked. */
export type FileRow = readonly [refused: string, status: number, twin: string];

// prettier-ignore
export const FILES: readonly FileRow[] = [
  ['GET /files/../../etc/passwd',             400, 'GET /files/{id}'],
  ['GET /files/..',                           400, 'GET /files/{id}'],
  ['GET /files/%2e%2e/{id}',                  400, 'GET /files/{id}'],
  ['GET /files/..%2F..%2Fetc%2Fpasswd',       400, 'GET /files/{id}'],
  ['GET /files/%2Fetc%2Fpasswd',              400, 'GET /files/{id}'],
  ['GET /files//{id}',                        400, 'GET /files/{id}'],
  ['GET //files/{id}',                        400, 'GET /files/{id}'],
  ['GET /files\\{id}',                        400, 'GET /files/{id}'],
  ['GET /files/{id}\\..',                     400, 'GET /files/{id}'],
  ['GET /files/{id}#x',                       400, 'GET /files/{id}'],
  ['GET http://x/files/{id}',                 400, 'GET /files/{id}'],
  ['GET /files/{id}%00',                      400, 'GET /files/{id}'],
  ['GET /files/{id}%0A',                      400, 'GET /files/{id}'],
  ['GET /files/{id}%20',                      400, 'GET /files/{id}'],
  ['GET /files/{id}.',                        400, 'GET /files/{id}'],
  ['GET /files/{id}%2Fleaves',                400, 'GET /files/{id}/leaves'],
  ['GET /files/x{id}',                        400, 'GET /files/{id}'],
  ['GET /files/{id}A',                        400, 'GET /files/{id}'],
  ['GET /files/A',                            400, 'GET /files/{id}'],
  ['GET /files/__proto__',                    400, 'GET /files/{id}'],
  ['GET /files/%EF%BC%B6{id}',                400, 'GET /files/{id}'],
  ['GET /files/*',                            400, 'GET /files/{id}'],
  ['HEAD /files/..%2F{id}',                   400, 'HEAD /files/{id}'],
  ['GET /files/leaves/leaves',                400, 'GET /files/{id}/leaves'],
  ['GET /files/..%2F/leaves',                 400, 'GET /files/{id}/leaves'],
  ['GET /files',                              404, 'GET /files/{id}'],
  ['GET /files/',                             404, 'GET /files/{id}'],
  ['GET /files/{id}/',                        404, 'GET /files/{id}'],
  ['GET /files/{id}/leaves/',                 404, 'GET /files/{id}/leaves'],
  ['GET /files/{id}/Leaves',                  404, 'GET /files/{id}/leaves'],
  ['GET /files/{id}/x',                       404, 'GET /files/{id}/leaves'],
  ['GET /Files/{id}',                         404, 'GET /files/{id}'],
  ['GET /FILES/{id}',                         404, 'GET /files/{id}'],
  ['GET /couch/files/{id}',                   403, 'GET /files/{id}'],
  ['GET /.dmedia/files/{id}',                 404, 'GET /files/{id}'],
  ['PUT /files/{id}',                         405, 'GET /files/{id}'],
  ['DELETE /files/{id}',                      405, 'GET /files/{id}'],
  ['POST /files/{id}',                        405, 'GET /files/{id}'],
  ['OPTIONS /files/{id}',                     405, 'GET /files/{id}'],
  ['POST /files/{id}/leaves',                 405, 'GET /files/{id}/leaves'],
  ['GET /files/have',                         400, 'GET /files/{id}'],
];

/** Bodies of `POST /files/have`: what is refused, its status, and the twin. */
// prettier-ignore
export const HAVE_BODIES: readonly (readonly [refused: string, status: number, twin: string])[] = [
  ['{"ids":["../../etc/passwd"]}',            400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}",""]}',                     400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}\\u0000"]}',                 400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}\\n"]}',                     400, '{"ids":["{id}"]}'],
  ['{"ids":[["{id}"]]}',                      400, '{"ids":["{id}"]}'],
  ['{"ids":[null]}',                          400, '{"ids":["{id}"]}'],
  ['{"ids":[1]}',                             400, '{"ids":["{id}"]}'],
  ['{"ids":{"0":"{id}","length":1}}',         400, '{"ids":["{id}"]}'],
  ['{"ids":"{id}"}',                          400, '{"ids":["{id}"]}'],
  ['{"ids":null}',                            400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}"],"ids":[]}',               400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}"],"x":1}',                  400, '{"ids":["{id}"]}'],
  ['{"IDS":["{id}"]}',                        400, '{"ids":["{id}"]}'],
  ['{"__proto__":{"ids":["{id}"]}}',          400, '{"\\u0069ds":["{id}"]}'],
  ['["{id}"]',                                400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}"]',                         400, '{"ids":["{id}"]}'],
  ['{"ids":["{id}"]}x',                       400, '{"ids":["{id}"]} '],
  ['{}',                                      400, '{"ids":["{id}"]}'],
];
