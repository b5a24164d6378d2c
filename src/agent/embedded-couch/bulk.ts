// Many documents or revisions in one request: `_bulk_docs`, `_bulk_get`, `_revs_diff`, `_missing_revs`. Their bodies
// reach code that throws where nobody catches, so their shapes are checked first.
import {
  checkBodyId,
  isRevision,
  parseArray,
  parseFlag,
  parseObject,
  sendJson,
  type DatabaseCall,
  type EnteredDatabase,
} from './call.js';
import { checkDocument } from './document-shape.js';
import type { WriteResult } from './packages.js';
import { PROBLEMS, Problem, require } from './problems.js';
import { readRevisions, type RevisionOptions } from './revisions.js';
import { USERS_DATABASE } from './security.js';
import { prepareUserDocument } from './users.js';

type RawDocument = Record<string, unknown>;

export async function bulkDocs({ body, database, response }: DatabaseCall): Promise<void> {
  const { docs, new_edits: newEdits = true } = parseObject(body);
  require('body-shape', typeof newEdits === 'boolean');
  const documents = parseArray(docs).map(parseObject);
  const refusals = documents.map((document) => refusalOf(document, database));
  const allowed = documents.filter((_, index) => refusals[index] === null);
  const prepared =
    database.name === USERS_DATABASE ? await Promise.all(allowed.map(prepareUserDocument)) : allowed;
  const written = await database.pouch.bulkDocs(prepared, { ...database.write, new_edits: newEdits });
  if (!newEdits) {
    // Only what failed is told.
    sendJson(response, 201, [...refusals.filter((refusal) => refusal !== null), ...written.map(toResult)]);
    return;
  }
  const results = inOrderOf(prepared, written).map(toResult);
  sendJson(
    response,
    201,
    refusals.map((refusal) => refusal ?? results.shift()),
  );
}

/** PouchDB's validation puts what it refuses first, and gives an id to each document that came without. */
function inOrderOf(documents: readonly RawDocument[], written: readonly WriteResult[]): WriteResult[] {
  const byId = new Map<unknown, WriteResult[]>();
  for (const result of written) byId.set(result.id, [...(byId.get(result.id) ?? []), result]);
  return documents.flatMap(({ _id: id }) => byId.get(id)?.shift() ?? []);
}

/** A document that this user may not write is refused alone, as CouchDB does. */
function refusalOf(document: RawDocument, database: EnteredDatabase): object | null {
  const { _id: id, _rev: rev } = document;
  try {
    if (id !== undefined) checkBodyId(id, database);
    require('revision', rev === undefined || isRevision(rev));
    checkDocument(document);
    return null;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const { error, reason } = PROBLEMS[problem.code];
    return { id, error, reason };
  }
}

const toResult = (result: WriteResult): object =>
  result.error === undefined ? result : { id: result.id, error: result.name, reason: result.message };

export async function bulkGet({ body, database, query, response }: DatabaseCall): Promise<void> {
  const options = {
    revs: parseFlag(query, 'revs'),
    latest: parseFlag(query, 'latest'),
    attachments: parseFlag(query, 'attachments'),
    binary: false,
  };
  const results: object[] = [];
  for (const asked of parseArray(parseObject(body)['docs']).map(parseObject)) {
    results.push(await getRevisions(asked, database, options));
  }
  sendJson(response, 200, { results });
}

async function getRevisions(
  { id, rev }: RawDocument,
  { pouch }: EnteredDatabase,
  options: RevisionOptions,
): Promise<object> {
  const missing = (missingRev: unknown): object => ({
    error: { id, rev: missingRev, error: 'not_found', reason: 'missing' },
  });
  // PouchDB has things of its own under `_local/`.
  const isReadable = typeof id === 'string' && id !== '' && !id.startsWith('_local/');
  if (!isReadable || !(rev === undefined || isRevision(rev))) return { id, docs: [missing(rev)] };
  const revisions = await readRevisions(pouch, id, rev === undefined ? 'all' : [rev], options);
  const docs = revisions.map((revision) => ('ok' in revision ? revision : missing(revision.missing)));
  return { id, docs: docs.length > 0 ? docs : [missing('undefined')] };
}

export async function revsDiff({ body, database, response }: DatabaseCall): Promise<void> {
  sendJson(response, 200, Object.fromEntries(await findMissing(body, database)));
}

export async function missingRevs({ body, database, response }: DatabaseCall): Promise<void> {
  const missing = await findMissing(body, database);
  const byId = Object.fromEntries([...missing].map(([id, entry]) => [id, entry.missing]));
  sendJson(response, 200, { missing_revs: byId });
}

type Missing = ReadonlyMap<string, { readonly missing: readonly string[] }>;

/** Not by PouchDB's `revsDiff`: its reply is an object, to which an id like "__proto__" is lost. */
async function findMissing(body: unknown, { pouch }: EnteredDatabase): Promise<Missing> {
  const asked = Object.entries(parseObject(body)).map(([id, revs]) => [id, parseRevisions(revs)] as const);
  const missing = new Map<string, { missing: readonly string[] }>();
  for (const [id, revs] of asked) {
    if (id.startsWith('_local/')) throw new Problem('document-id');
    const found = await pouch.get(id, { open_revs: revs });
    const lacking = found.flatMap((revision) => ('missing' in revision ? revision.missing : []));
    if (lacking.length > 0) missing.set(id, { missing: lacking });
  }
  return missing;
}

function parseRevisions(untrusted: unknown): readonly string[] {
  const revisions = parseArray(untrusted);
  require('revision', revisions.every(isRevision));
  return revisions;
}
