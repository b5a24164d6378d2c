// `_local/` documents, where replicators keep their checkpoints. PouchDB keeps things of its own under such ids (which
// database depends on which, and the security object), so those of clients get a name of their own.
import { parseObject, parseRevision, sendJson, type DatabaseCall } from './call.js';
import { Problem, require } from './problems.js';

const PREFIX = '_local/';

const outerId = ({ segments }: DatabaseCall): string => PREFIX + (segments[2] ?? '');
const innerId = ({ segments }: DatabaseCall): string => `${PREFIX}client:${segments[2] ?? ''}`;

export async function getLocalDocument(call: DatabaseCall): Promise<void> {
  const document = await call.database.pouch.get(innerId(call));
  sendJson(call.response, 200, { ...document, _id: outerId(call) });
}

export async function putLocalDocument(call: DatabaseCall): Promise<void> {
  const body = parseObject(call.body);
  require('id-in-body', body['_id'] === undefined || body['_id'] === outerId(call));
  const rev = parseRevision(body['_rev'] ?? call.query.get('rev'), innerId(call));
  const document = { ...body, _id: innerId(call), ...(rev === undefined ? {} : { _rev: rev }) };
  const result = await call.database.pouch.put(document, call.database.write);
  sendJson(call.response, 201, { ok: true, id: outerId(call), rev: result.rev });
}

export async function deleteLocalDocument(call: DatabaseCall): Promise<void> {
  const rev = parseRevision(call.query.get('rev'), innerId(call));
  if (rev === undefined) throw new Problem('conflict');
  const result = await call.database.pouch.remove(innerId(call), rev, call.database.write);
  sendJson(call.response, 200, { ok: true, id: outerId(call), rev: result.rev });
}
