// Code in design documents: to run it needs `query`, to send it in needs `design`, and most of it nobody gets.
// Ada's role has both on `dmedia-0`, and neither on `dmedia-0-x`.
import type { TargetRow } from '../rows.js';

const READ = ['GET /couch/dmedia-0/_design/x', 'GET /dmedia-0/_design/x'] as const;
const VIEW = ['GET /couch/dmedia-0/_design/x/_view/y', 'GET /dmedia-0/_design/x/_view/y'] as const;
const PUT = ['PUT /couch/dmedia-0/_design/x', 'PUT /dmedia-0/_design/x'] as const;
const POST_VIEW = ['POST /couch/dmedia-0/_design/x/_view/y', 'POST /dmedia-0/_design/x/_view/y'] as const;

// prettier-ignore
export const DESIGN_DOCUMENTS: readonly TargetRow[] = [
  // With the rights of the caller (CVE-2023-45725), or with a path that a design document chooses.
  ['GET /couch/dmedia-0/_design/x/_show/y',               403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_show/y/doc',           403, ...VIEW],
  ['POST /couch/dmedia-0/_design/x/_show/y/doc',          403, ...POST_VIEW],
  ['GET /couch/dmedia-0/_design/x/_list/y/z',             403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_list/y/other/z',       403, ...VIEW],
  ['POST /couch/dmedia-0/_design/x/_update/y',            403, ...POST_VIEW],
  ['PUT /couch/dmedia-0/_design/x/_update/y/doc',         403, ...PUT],
  ['GET /couch/dmedia-0/_design/x/_rewrite',              403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_rewrite/_users',       403, ...VIEW],
  ['POST /couch/dmedia-0/_design/x/_rewrite/y',           403, ...POST_VIEW],
  ['PUT /couch/dmedia-0/_design/x/_rewrite/y',            403, ...PUT],
  ['DELETE /couch/dmedia-0/_design/x/_rewrite/y',         403, 'DELETE /couch/dmedia-0/_design/x', 'DELETE /dmedia-0/_design/x'],
  ['GET /couch/dmedia-0/_design/x/_info',                 403, ...READ],
  ['GET /couch/dmedia-0/_design/x/_search/y',             403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_search_info/y',        403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_nouveau/y',            403, ...VIEW],
  ['POST /couch/dmedia-0/_design/x/_nouveau/y',           403, ...POST_VIEW],
  ['GET /couch/dmedia-0/_design/x/_geo/y',                403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_anything',             403, ...READ],
  ['GET /couch/dmedia-0/_design/x/_view',                 403, ...VIEW],
  ['GET /couch/dmedia-0/_design/x/_view/y/z',             403, ...VIEW],
  ['POST /couch/dmedia-0/_design/x/_view/y/queries',      403, ...POST_VIEW],
  ['PUT /couch/dmedia-0/_design/x/_view/y',               403, ...PUT],
  ['GET /couch/dmedia-0/_design/x/_view/_y',              403, ...VIEW],
  ['HEAD /couch/dmedia-0/_design/x/_view/y',              403, ...VIEW],
  ['GET /couch/dmedia-0/_design/_x',                      403, ...READ],
  ['GET /couch/dmedia-0/_design/_design/x',               403, ...READ],
  ['GET /couch/dmedia-0/_design/_all_docs',               403, ...READ],
  ['GET /couch/dmedia-0/_design_docs',                    403, ...READ],
  ['GET /couch/dmedia-0/design/_rewrite/x',               403, 'GET /couch/dmedia-0/design/rewrite/x', 'GET /dmedia-0/design/rewrite/x'],
  ['POST /couch/dmedia-0/_design/x',                      403, ...PUT],
  ['COPY /couch/dmedia-0/_design/x',                      403, ...READ],
  // Without `query`.
  ['GET /couch/dmedia-0-x/_design/x/_view/y',             403, ...VIEW],
  ['POST /couch/dmedia-0-x/_design/x/_view/y',            403, ...POST_VIEW],
  ['GET /couch/dmedia-0-x/_design/x/_view/y?reduce=false', 403, 'GET /couch/dmedia-0/_design/x/_view/y?reduce=false', 'GET /dmedia-0/_design/x/_view/y?reduce=false'],
  ['POST /couch/dmedia-0-x/_find',                        403, 'POST /couch/dmedia-0/_find', 'POST /dmedia-0/_find'],
  ['POST /couch/dmedia-0-x/_explain',                     403, 'POST /couch/dmedia-0/_explain', 'POST /dmedia-0/_explain'],
  ['GET /couch/dmedia-0-x/_changes?filter=x/y',           403, 'GET /couch/dmedia-0/_changes?filter=x/y', 'GET /dmedia-0/_changes?filter=x%2Fy'],
  ['GET /couch/dmedia-0-x/_changes?filter=_view&view=x/y', 403, 'GET /couch/dmedia-0/_changes?filter=_view&view=x/y', 'GET /dmedia-0/_changes?filter=_view&view=x%2Fy'],
  ['GET /couch/dmedia-0-x/_changes?filter=_doc_ids&view=x/y', 403, 'GET /couch/dmedia-0-x/_changes?filter=_doc_ids', 'GET /dmedia-0-x/_changes?filter=_doc_ids'],
  ['GET /couch/dmedia-0-x/_changes?view=x/y',             403, 'GET /couch/dmedia-0/_changes?view=x/y', 'GET /dmedia-0/_changes?view=x%2Fy'],
  ['GET /couch/dmedia-0-x/_changes?filter=',              403, 'GET /couch/dmedia-0-x/_changes?filter=_design', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0-x/_changes?filter=_unknown',      403, 'GET /couch/dmedia-0-x/_changes?filter=_doc_ids', 'GET /dmedia-0-x/_changes?filter=_doc_ids'],
  ['GET /couch/dmedia-0-x/_changes?filter=_doc_ids%00',   403, 'GET /couch/dmedia-0-x/_changes?filter=_doc_ids', 'GET /dmedia-0-x/_changes?filter=_doc_ids'],
  ['GET /couch/dmedia-0-x/_changes?%66ilter=x/y',         403, 'GET /couch/dmedia-0-x/_changes?%66ilter=_design', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0-x/_changes?filter=%5Fview&view=x/y', 403, 'GET /couch/dmedia-0-x/_changes?filter=%5Fdesign', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0-x/_changes?filter=_selector',     400, 'GET /couch/dmedia-0-x/_changes?filter=_doc_ids', 'GET /dmedia-0-x/_changes?filter=_doc_ids'],
  ['POST /couch/dmedia-0-x/_changes?filter=_view&view=x/y', 403, 'POST /couch/dmedia-0-x/_changes?filter=_doc_ids', 'POST /dmedia-0-x/_changes?filter=_doc_ids'],
  // Without `design`.
  ['PUT /couch/dmedia-0-x/_design/x',                     403, ...PUT],
  ['DELETE /couch/dmedia-0-x/_design/x?rev=1-a',          403, 'DELETE /couch/dmedia-0/_design/x?rev=1-a', 'DELETE /dmedia-0/_design/x?rev=1-a'],
  ['PUT /couch/dmedia-0-x/_design/x/att',                 403, 'PUT /couch/dmedia-0/_design/x/att', 'PUT /dmedia-0/_design/x/att'],
  ['DELETE /couch/dmedia-0-x/_design/x/att',              403, 'DELETE /couch/dmedia-0/_design/x/att', 'DELETE /dmedia-0/_design/x/att'],
  ['PUT /couch/dmedia-0-x/_design/x/a/b',                 403, 'PUT /couch/dmedia-0/_design/x/a/b', 'PUT /dmedia-0/_design/x/a/b'],
  ['PUT /couch/dmedia-0-x/_design/x%2Fy',                 403, 'PUT /couch/dmedia-0/_design/x%2Fy', 'PUT /dmedia-0/_design/x%2Fy'],
  ['PUT /couch/dmedia-0-x/_design/x?new_edits=false',     403, 'PUT /couch/dmedia-0/_design/x?new_edits=false', 'PUT /dmedia-0/_design/x?new_edits=false'],
];
