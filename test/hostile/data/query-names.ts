// Names in the query: each once, of those that the operation has, and separated by "&" alone.
import type { HarmlessRow, TargetRow } from '../rows.js';

// prettier-ignore
export const QUERY_NAMES: readonly TargetRow[] = [
  // Repeated, openly and not.
  ['GET /couch/dmedia-0/doc?rev=1-a&rev=2-b',             400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev=1-a&rev=1-a',             400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev=1-a&%72ev=2-b',           400, 'GET /couch/dmedia-0/doc?%72ev=2-b', 'GET /dmedia-0/doc?rev=2-b'],
  ['GET /couch/dmedia-0/doc?rev&rev=1-a',                 400, 'GET /couch/dmedia-0/doc?rev', 'GET /dmedia-0/doc?rev='],
  ['GET /couch/dmedia-0-x/_changes?filter=_design&filter=x/y', 400, 'GET /couch/dmedia-0-x/_changes?filter=_design', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0-x/_changes?filter=x/y&filter=_design', 400, 'GET /couch/dmedia-0-x/_changes?filter=_design', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0-x/_changes?filter=_design&%66ilter=x/y', 400, 'GET /couch/dmedia-0-x/_changes?%66ilter=_design', 'GET /dmedia-0-x/_changes?filter=_design'],
  ['GET /couch/dmedia-0/_changes?feed=normal&feed=continuous', 400, 'GET /couch/dmedia-0/_changes?feed=normal', 'GET /dmedia-0/_changes?feed=normal'],
  ['GET /couch/dmedia-0/_changes?heartbeat=60000&heartbeat=1', 400, 'GET /couch/dmedia-0/_changes?heartbeat=60000', 'GET /dmedia-0/_changes?heartbeat=60000'],
  ['PUT /couch/dmedia-0/doc?rev=1-a&rev=2-b',             400, 'PUT /couch/dmedia-0/doc?rev=1-a', 'PUT /dmedia-0/doc?rev=1-a'],
  ['PUT /couch/dmedia-0/doc?new_edits=true&new_edits=false', 400, 'PUT /couch/dmedia-0/doc?new_edits=false', 'PUT /dmedia-0/doc?new_edits=false'],
  ['DELETE /couch/dmedia-0/doc?rev=1-a&rev=2-b',          400, 'DELETE /couch/dmedia-0/doc?rev=1-a', 'DELETE /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/_all_docs?startkey=1&startkey=2', 400, 'GET /couch/dmedia-0/_all_docs?startkey=1&start_key=2', 'GET /dmedia-0/_all_docs?startkey=1&start_key=2'],
  // Names that look like others.
  ['GET /couch/dmedia-0/doc?Rev=1-a',                     400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev%00=1-a',                  400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev%20=1-a',                  400, 'GET /couch/dmedia-0/doc?rev=%201-a', 'GET /dmedia-0/doc?rev=%201-a'],
  ['GET /couch/dmedia-0/doc?+rev=1-a',                    400, 'GET /couch/dmedia-0/doc?rev=+1-a', 'GET /dmedia-0/doc?rev=%201-a'],
  ['GET /couch/dmedia-0/doc?rev[]=1-a',                   400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev[0]=1-a',                  400, 'GET /couch/dmedia-0/doc?rev=[0]', 'GET /dmedia-0/doc?rev=%5B0%5D'],
  ['GET /couch/dmedia-0/doc?rev.x=1-a',                   400, 'GET /couch/dmedia-0/doc?rev=.x', 'GET /dmedia-0/doc?rev=.x'],
  ['GET /couch/dmedia-0/doc?%2572ev=1-a',                 400, 'GET /couch/dmedia-0/doc?%72ev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?%EF%BD%92ev=1-a',             400, 'GET /couch/dmedia-0/doc?%72ev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev%3D1-a',                   400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  // Separators.
  ['GET /couch/dmedia-0/doc?rev=1-a;revs=true',           400, 'GET /couch/dmedia-0/doc?rev=1-a&revs=true', 'GET /dmedia-0/doc?rev=1-a&revs=true'],
  ['GET /couch/dmedia-0-x/_changes?since=0;filter=x/y',   400, 'GET /couch/dmedia-0-x/_changes?since=0&filter=_design', 'GET /dmedia-0-x/_changes?since=0&filter=_design'],
  ['GET /couch/dmedia-0/doc?;',                           400, 'GET /couch/dmedia-0/doc?', 'GET /dmedia-0/doc'],
  ['GET /couch/dmedia-0/doc?rev=1-a&',                    400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?&rev=1-a',                    400, 'GET /couch/dmedia-0/doc?rev=1-a', 'GET /dmedia-0/doc?rev=1-a'],
  ['GET /couch/dmedia-0/doc?rev=1-a&&revs=true',          400, 'GET /couch/dmedia-0/doc?rev=1-a&revs=true', 'GET /dmedia-0/doc?rev=1-a&revs=true'],
  ['GET /couch/dmedia-0/doc?=1-a',                        400, 'GET /couch/dmedia-0/doc?rev=', 'GET /dmedia-0/doc?rev='],
  ['GET /couch/dmedia-0/doc?=',                           400, 'GET /couch/dmedia-0/doc?', 'GET /dmedia-0/doc'],
  ['GET /couch/dmedia-0/doc?&',                           400, 'GET /couch/dmedia-0/doc?', 'GET /dmedia-0/doc'],
  // Of another operation, or of none.
  ['GET /couch/dmedia-0?rev=1-a',                         400, 'GET /couch/dmedia-0', 'GET /dmedia-0'],
  ['GET /couch/dmedia-0/doc?callback=x',                  400, 'GET /couch/dmedia-0/doc', 'GET /dmedia-0/doc'],
  ['GET /couch/dmedia-0/doc?_method=DELETE',              400, 'GET /couch/dmedia-0/doc', 'GET /dmedia-0/doc'],
  ['POST /couch/dmedia-0/_bulk_get?revs=true&new_edits=false', 400, 'POST /couch/dmedia-0/_bulk_get?revs=true', 'POST /dmedia-0/_bulk_get?revs=true'],
  ['POST /couch/dmedia-0/_bulk_docs?new_edits=false',     400, 'POST /couch/dmedia-0/_bulk_docs', 'POST /dmedia-0/_bulk_docs'],
  ['POST /couch/dmedia-0/_revs_diff?x=1',                 400, 'POST /couch/dmedia-0/_revs_diff', 'POST /dmedia-0/_revs_diff'],
  ['GET /couch/dmedia-0/_all_docs?queries=[]',            400, 'GET /couch/dmedia-0/_all_docs?keys=[]', 'GET /dmedia-0/_all_docs?keys=%5B%5D'],
  ['GET /couch/dmedia-0/_all_docs?reduce=false',          400, 'GET /couch/dmedia-0/_all_docs?limit=1', 'GET /dmedia-0/_all_docs?limit=1'],
  ['GET /couch/dmedia-0/_changes?doc_id=x',               400, 'GET /couch/dmedia-0/_changes?doc_ids=[]', 'GET /dmedia-0/_changes?doc_ids=%5B%5D'],
  ['GET /couch/dmedia-0/doc?open_revs=all&w=1',           400, 'GET /couch/dmedia-0/doc?open_revs=all', 'GET /dmedia-0/doc?open_revs=all'],
  ['GET /couch/dmedia-0/doc?r=1',                         400, 'GET /couch/dmedia-0/doc', 'GET /dmedia-0/doc'],
  ['PUT /couch/dmedia-0/doc?w=1',                         400, 'PUT /couch/dmedia-0/doc', 'PUT /dmedia-0/doc'],
  ['PUT /couch/dmedia-0/doc/att?new_edits=false',         400, 'PUT /couch/dmedia-0/doc/att?rev=1-a', 'PUT /dmedia-0/doc/att?rev=1-a'],
  ['GET /couch/dmedia-0/_local/x?rev=0-1',                400, 'GET /couch/dmedia-0/_local/x', 'GET /dmedia-0/_local/pc-{tag}-x'],
  ['PUT /couch/dmedia-0/_local/x?new_edits=false',        400, 'PUT /couch/dmedia-0/_local/x', 'PUT /dmedia-0/_local/pc-{tag}-x'],
  ['GET /couch/?x=1',                                     400, 'GET /couch/dmedia-0', 'GET /dmedia-0'],
  ['GET /couch/_all_dbs?limit=1',                         400, 'GET /couch/dmedia-0/_all_docs?limit=1', 'GET /dmedia-0/_all_docs?limit=1'],
  // Values that hold something up.
  ['GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=999', 400, 'GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=1000', 'GET /dmedia-0/_changes?feed=continuous&heartbeat=1000'],
  ['GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=0', 400, 'GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=true', 'GET /dmedia-0/_changes?feed=continuous&heartbeat=true'],
  ['GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=-1', 400, 'GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=2000', 'GET /dmedia-0/_changes?feed=continuous&heartbeat=2000'],
  ['GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=1e9', 400, 'GET /couch/dmedia-0/_changes?feed=continuous&heartbeat=1000000000', 'GET /dmedia-0/_changes?feed=continuous&heartbeat=1000000000'],
  ['GET /couch/dmedia-0/_changes?heartbeat=1000.5',       400, 'GET /couch/dmedia-0/_changes?heartbeat=1000', 'GET /dmedia-0/_changes?heartbeat=1000'],
  ['GET /couch/dmedia-0/_changes?timeout=-1',             400, 'GET /couch/dmedia-0/_changes?timeout=10000', 'GET /dmedia-0/_changes?timeout=10000'],
  ['GET /couch/dmedia-0/_changes?timeout=infinity',       400, 'GET /couch/dmedia-0/_changes?timeout=1', 'GET /dmedia-0/_changes?timeout=1'],
  ['GET /couch/dmedia-0/_changes?feed=live',              400, 'GET /couch/dmedia-0/_changes?feed=longpoll', 'GET /dmedia-0/_changes?feed=longpoll'],
  ['GET /couch/dmedia-0/_changes?feed=',                  400, 'GET /couch/dmedia-0/_changes?feed=eventsource', 'GET /dmedia-0/_changes?feed=eventsource'],
];

// prettier-ignore
export const HARMLESS_QUERIES: readonly HarmlessRow[] = [
  ['GET /couch/dmedia-0/doc?rev=1-a=b==',                 'GET /dmedia-0/doc?rev=1-a%3Db%3D%3D'],
  ['GET /couch/dmedia-0/doc?rev=../../_users',            'GET /dmedia-0/doc?rev=..%2F..%2F_users'],
  ['GET /couch/dmedia-0/doc?rev=http://x/',               'GET /dmedia-0/doc?rev=http%3A%2F%2Fx%2F'],
  ['GET /couch/dmedia-0/doc?%61ttachments=true&%72evs=true', 'GET /dmedia-0/doc?attachments=true&revs=true'],
  ['GET /couch/dmedia-0/_changes?last-event-id=1',        'GET /dmedia-0/_changes?last-event-id=1'],
];
