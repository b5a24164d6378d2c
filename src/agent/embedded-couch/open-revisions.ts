// `GET /{db}/{doc}`. With open_revs CouchDB's replicator wants multipart/mixed and waits for ever on anything else;
// express-pouchdb knows JSON only.
import { documentIdOf, isRevision, parseFlag, parseRevision, sendJson, type DatabaseCall } from './call.js';
import { writeMixed } from './multipart-write.js';
import { Problem, require } from './problems.js';
import { readRevisions } from './revisions.js';

export async function getDocument(call: DatabaseCall): Promise<void> {
  const openRevs = call.query.get('open_revs');
  parseRevision(call.query.get('rev'), documentIdOf(call.segments));
  if (openRevs !== undefined) await sendOpenRevisions(call, parseOpenRevs(openRevs));
  else await call.engine.forward({ ...call, query: withoutLatest(call.query) });
}

/** It says something of open_revs only, and PouchDB must not see it (see revisions.ts). */
const withoutLatest = (query: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...query].filter(([name]) => name !== 'latest'));

async function sendOpenRevisions(call: DatabaseCall, openRevs: readonly string[] | 'all'): Promise<void> {
  const { database, query, request, response } = call;
  const isMultipart = request.headers.accept?.includes('multipart/mixed') === true;
  const revisions = await readRevisions(database.pouch, documentIdOf(call.segments), openRevs, {
    revs: parseFlag(query, 'revs'),
    latest: parseFlag(query, 'latest'),
    attachments: isMultipart || parseFlag(query, 'attachments'),
    binary: isMultipart,
  });
  if (!isMultipart) {
    sendJson(response, 200, revisions);
    return;
  }
  const { contentType, bytes } = writeMixed(revisions);
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

function parseOpenRevs(text: string): readonly string[] | 'all' {
  if (text === 'all') return text;
  const revisions = parseList(text);
  require('revision', revisions.every(isRevision));
  return revisions;
}

function parseList(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list;
  } catch {
    // Not JSON: the same refusal.
  }
  throw new Problem('query-value');
}
