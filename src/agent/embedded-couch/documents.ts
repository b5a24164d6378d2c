// Documents one at a time: written by their path's id only, deleted by a revision that was named.
import { randomUUID } from 'node:crypto';
import { isMultipart } from './body.js';
import {
  checkBodyId,
  documentIdOf,
  parseFlag,
  parseObject,
  parseRevision,
  sendJson,
  type DatabaseCall,
} from './call.js';
import { checkDocument } from './document-shape.js';
import { readRelated } from './multipart-read.js';
import type { Document, WriteResult } from './packages.js';
import { Problem, require } from './problems.js';
import { USERS_DATABASE } from './security.js';
import { prepareUserDocument } from './users.js';

export async function putDocument(call: DatabaseCall): Promise<void> {
  const id = documentIdOf(call.segments);
  const body = isMultipart(call.request)
    ? readRelated(call.body as Buffer, call.request.headers['content-type'] ?? '')
    : parseObject(call.body);
  require('id-in-body', body['_id'] === undefined || body['_id'] === id);
  const rev = parseRevision(body['_rev'] ?? call.query.get('rev') ?? ifMatch(call), id);
  await writeDocument(call, { ...body, _id: id, ...(rev === undefined ? {} : { _rev: rev }) });
}

export async function postDocument(call: DatabaseCall): Promise<void> {
  const body = parseObject(call.body);
  const id = body['_id'] ?? randomUUID().replaceAll('-', '');
  checkBodyId(id, call.database);
  await writeDocument(call, { ...body, _id: id });
}

async function writeDocument({ database, query, response }: DatabaseCall, document: Document): Promise<void> {
  checkDocument(document);
  const prepared = database.name === USERS_DATABASE ? await prepareUserDocument(document) : document;
  const newEdits = parseFlag(query, 'new_edits', true);
  require('revision', newEdits || document._rev !== undefined);
  const result = await database.pouch.put(
    { ...prepared, _id: document._id },
    {
      ...database.write,
      new_edits: newEdits,
    },
  );
  // Without new edits PouchDB has nothing to say of a document that it took.
  sendWritten(response, 201, newEdits ? result : { ok: true, id: document._id, rev: document._rev ?? '' });
}

export async function deleteDocument({
  database,
  segments,
  query,
  request,
  response,
}: DatabaseCall): Promise<void> {
  const id = documentIdOf(segments);
  const rev = parseRevision(query.get('rev') ?? ifMatch({ request }), id);
  // express-pouchdb would delete whichever revision wins.
  if (rev === undefined) throw new Problem('conflict');
  await database.pouch.get(id, { rev });
  sendWritten(response, 200, await database.pouch.remove(id, rev, database.write));
}

function sendWritten(response: DatabaseCall['response'], status: number, { id, rev }: WriteResult): void {
  response.setHeader('etag', `"${String(rev)}"`);
  sendJson(response, status, { ok: true, id, rev });
}

/** The revision of an If-Match header, which CouchDB takes as well. */
export const ifMatch = ({ request }: Pick<DatabaseCall, 'request'>): string | undefined =>
  request.headers['if-match']?.replaceAll('"', '');
