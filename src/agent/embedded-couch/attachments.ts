// Attachments one at a time, whole: PouchDB holds them in memory.
import { documentIdOf, parseRevision, sendJson, type DatabaseCall } from './call.js';
import { ifMatch } from './documents.js';
import { Problem, require } from './problems.js';

interface Stub {
  readonly content_type: string;
  readonly digest: string;
}

/** The name: what follows the document's id. PouchDB keys a plain object by it. */
function attachmentName({ segments }: DatabaseCall): string {
  const name = segments.slice(segments[1] === '_design' ? 3 : 2).join('/');
  require('attachment-name', !name.startsWith('_'));
  return name;
}

function revisionOf(call: DatabaseCall): string | undefined {
  return parseRevision(call.query.get('rev') ?? ifMatch(call), documentIdOf(call.segments));
}

export async function getAttachment(call: DatabaseCall): Promise<void> {
  const id = documentIdOf(call.segments);
  const name = attachmentName(call);
  const rev = revisionOf(call);
  const options = rev === undefined ? {} : { rev };
  const document = await call.database.pouch.get(id, options);
  const stub = stubOf(document['_attachments'], name);
  const bytes = await call.database.pouch.getAttachment(id, name, { ...options });
  call.response.writeHead(200, {
    'content-type': stub.content_type,
    'content-length': bytes.length,
    etag: `"${stub.digest.replace(/^md5-/, '')}"`,
    'content-security-policy': 'sandbox',
  });
  call.response.end(bytes);
}

function stubOf(attachments: unknown, name: string): Stub {
  const stubs = (attachments ?? {}) as Readonly<Record<string, Stub>>;
  const stub = Object.hasOwn(stubs, name) ? stubs[name] : undefined;
  if (stub === undefined) throw new Problem('missing');
  return stub;
}

export async function putAttachment(call: DatabaseCall): Promise<void> {
  const { pouch, write } = call.database;
  const type = call.request.headers['content-type'] ?? 'application/octet-stream';
  const id = documentIdOf(call.segments);
  const bytes = call.body as Buffer;
  const { rev } = await pouch.putAttachment(id, attachmentName(call), revisionOf(call), bytes, type, write);
  sendJson(call.response, 201, { ok: true, id, rev });
}

export async function deleteAttachment(call: DatabaseCall): Promise<void> {
  const rev = revisionOf(call);
  if (rev === undefined) throw new Problem('conflict');
  const id = documentIdOf(call.segments);
  const name = attachmentName(call);
  const document = await call.database.pouch.get(id, { rev });
  stubOf(document['_attachments'], name);
  const result = await call.database.pouch.removeAttachment(id, name, rev, call.database.write);
  sendJson(call.response, 200, { ok: true, id, rev: result.rev });
}
