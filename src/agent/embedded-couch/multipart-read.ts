// Reads a document with its attachments from a multipart/related body, the form in which CouchDB's replicator sends it
// (docs.couchdb.org, "Multiple Attachments"): JSON first, then the bytes of each attachment that "follows".
import { gunzipSync } from 'node:zlib';
import { parseObject } from './call.js';
import { Problem, require } from './problems.js';

/** Of all attachments of a document together: packed ones could hold a thousand times what was sent. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const LINE = '\r\n';
const HEADER_END = Buffer.from(LINE + LINE);

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
}

/** The document in a multipart/related body, its attachments inside. Throws `body-multipart`. */
export function readRelated(body: Buffer, contentType: string): Record<string, unknown> {
  const boundary = parameterOf(contentType, 'boundary');
  if (boundary === null) throw new Problem('body-multipart');
  const [first, ...parts] = splitParts(body, boundary);
  if (first === undefined) throw new Problem('body-multipart');
  const document = parseJson(first.bytes);
  const attachments = parseObject(document['_attachments'] ?? {});
  const following = Object.entries(attachments).filter(([, stub]) => parseObject(stub)['follows'] === true);
  require('body-multipart', following.length === parts.length);
  require('body-size', sumOfLengths(following) <= MAX_UNPACKED_BYTES);
  const filled = following.map(([name, stub], index) => [
    name,
    fillAttachment(parseObject(stub), partFor(name, index, parts)),
  ]);
  return { ...document, _attachments: { ...attachments, ...Object.fromEntries(filled) } };
}

const sumOfLengths = (attachments: readonly (readonly [string, unknown])[]): number =>
  attachments.reduce((sum, [, stub]) => sum + (lengthOf(parseObject(stub)) ?? 0), 0);

/** By the name that it carries, or else by order: JavaScript reorders the keys of an object that look like numbers. */
function partFor(name: string, index: number, parts: readonly Part[]): Part {
  const isNamed = (part: Part): boolean =>
    parameterOf(part.headers.get('content-disposition') ?? '', 'filename') === name;
  const part = parts.find(isNamed) ?? parts[index];
  if (part === undefined) throw new Problem('body-multipart');
  return part;
}

function fillAttachment(stub: Record<string, unknown>, { bytes }: Part): object {
  const length = lengthOf(stub);
  const data = stub['encoding'] === 'gzip' ? unpack(bytes, length) : bytes;
  require('body-multipart', length === null || length === data.length);
  return { content_type: stub['content_type'], revpos: stub['revpos'], data };
}

function lengthOf({ length = null }: Record<string, unknown>): number | null {
  require('body-multipart', length === null || (Number.isSafeInteger(length) && (length as number) >= 0));
  return length as number | null;
}

/** CouchDB keeps attachments of compressible types packed, and replicates them so. */
function unpack(bytes: Buffer, length: number | null): Buffer {
  if (length === null) throw new Problem('body-multipart');
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.max(length, 1) });
  } catch {
    throw new Problem('body-multipart');
  }
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  try {
    return parseObject(JSON.parse(bytes.toString()));
  } catch {
    throw new Problem('body-multipart');
  }
}

/** The parts between the boundaries (RFC 2046 section 5.1.1). */
function splitParts(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`${LINE}--${boundary}`);
  // So that the first boundary has a line end before it too.
  const text = Buffer.concat([Buffer.from(LINE), body]);
  const parts: Part[] = [];
  let start = text.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    if (text.toString('latin1', from, from + 2) === '--') return parts;
    const end = text.indexOf(delimiter, from);
    if (end < 0) break;
    parts.push(readPart(text.subarray(from, end)));
    start = end;
  }
  throw new Problem('body-multipart');
}

function readPart(part: Buffer): Part {
  const end = part.indexOf(HEADER_END);
  if (end < 0) throw new Problem('body-multipart');
  const lines = part.toString('utf8', 0, end).split(LINE).filter(Boolean);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers: new Map(headers), bytes: part.subarray(end + HEADER_END.length) };
}

/** A parameter of a header value, quoted or not. */
function parameterOf(header: string, name: string): string | null {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(header) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? plain ?? null;
}
