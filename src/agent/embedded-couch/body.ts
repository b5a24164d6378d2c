// Reads the body of a request, within its bound.
import type { IncomingMessage } from 'node:http';
import { Problem, require } from './problems.js';

const MIB = 1024 * 1024;
const BODY_BYTES = 8 * MIB;
/** `_bulk_docs`, `_bulk_get`, `_revs_diff`; attachments are held in memory too. */
const BULK_BYTES = 64 * MIB;

export type BodyKind = 'none' | 'json' | 'bulk-json' | 'bytes' | 'document';

const LIMITS_BYTES: Readonly<Record<BodyKind, number>> = {
  none: 0,
  json: BODY_BYTES,
  'bulk-json': BULK_BYTES,
  bytes: BULK_BYTES,
  document: BULK_BYTES,
};

export const isMultipart = (request: IncomingMessage): boolean =>
  /^multipart\/related\s*;/i.test(request.headers['content-type'] ?? '');

/** The JSON value, `{}` for an empty JSON body, or the bytes; null where the route has no body. Throws a `Problem`. */
export async function readBody(request: IncomingMessage, kind: BodyKind): Promise<unknown> {
  if (kind === 'none') {
    request.resume();
    return null;
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  require('body-encoding', encoding.toLowerCase() === 'identity');
  const bytes = await readBytes(request, LIMITS_BYTES[kind]);
  return kind === 'bytes' || (kind === 'document' && isMultipart(request)) ? bytes : parseJson(bytes);
}

async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  require('body-size', Number(request.headers['content-length'] ?? 0) <= limitBytes);
  // A request that is destroyed may take its connection, and so the reply, with it.
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of pieces) {
    length += chunk.length;
    require('body-size', length <= limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new Problem('body-json');
  }
}
