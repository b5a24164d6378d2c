// Documents with their attachments as multipart bodies, the form in which CouchDB's replicator sends and wants them
// (docs.couchdb.org, "Multiple Attachments"): JSON first, then the bytes of each attachment that "follows".
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { parseObject } from './call.js';
import type { Document, OpenRevision } from './packages.js';
import { Problem, require } from './problems.js';

const MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024;
const BOUNDARY_BYTES = 16;
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
  const filled = following.map(([name, stub], index) => [
    name,
    fillAttachment(parseObject(stub), partFor(name, index, parts)),
  ]);
  return { ...document, _attachments: { ...attachments, ...Object.fromEntries(filled) } };
}

/** By the name that it carries, or else by order: JavaScript reorders the keys of an object that look like numbers. */
function partFor(name: string, index: number, parts: readonly Part[]): Part {
  const isNamed = (part: Part): boolean =>
    parameterOf(part.headers.get('content-disposition') ?? '', 'filename') === name;
  const part = parts.find(isNamed) ?? parts[index];
  if (part === undefined) throw new Problem('body-multipart');
  return part;
}

function fillAttachment(stub: Record<string, unknown>, { bytes }: Part): object {
  const data = stub['encoding'] === 'gzip' ? unpack(bytes) : bytes;
  require('body-multipart', stub['length'] === undefined || stub['length'] === data.length);
  return { content_type: stub['content_type'], revpos: stub['revpos'], data };
}

/** CouchDB keeps attachments of compressible types packed, and replicates them so. */
function unpack(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_ATTACHMENT_BYTES });
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

export interface MultipartBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Revisions, with the bytes of their attachments as buffers, as multipart/mixed. */
export function writeMixed(revisions: readonly OpenRevision[]): MultipartBody {
  return joinParts('mixed', revisions.map(writeRevision));
}

function writeRevision(revision: OpenRevision): Buffer {
  if ('missing' in revision)
    return writePart('application/json; error="true"', [], Buffer.from(JSON.stringify(revision)));
  const attachments = Object.entries((revision.ok['_attachments'] ?? {}) as Record<string, Attachment>);
  if (attachments.length === 0) return writeDocument(revision.ok);
  const related = joinParts('related', [
    writeDocument({ ...revision.ok, _attachments: Object.fromEntries(attachments.map(toFollowing)) }),
    ...attachments.map(writeAttachment),
  ]);
  return writePart(related.contentType, [], related.bytes);
}

interface Attachment {
  readonly content_type: string;
  readonly digest: string;
  readonly revpos: number;
  readonly data: Buffer;
}

const toFollowing = ([name, { content_type, digest, revpos, data }]: [string, Attachment]): [
  string,
  object,
] => [name, { content_type, digest, revpos, length: data.length, follows: true }];

const writeDocument = (document: Document): Buffer =>
  writePart('application/json', [], Buffer.from(JSON.stringify(document)));

function writeAttachment([name, { content_type, data }]: [string, Attachment]): Buffer {
  const fileName = name.replace(/[\p{Cc}]/gu, '').replace(/["\\]/g, '\\$&');
  const headers = [
    `Content-Disposition: attachment; filename="${fileName}"`,
    `Content-Length: ${data.length}`,
  ];
  return writePart(content_type.replace(/[\p{Cc}]/gu, ''), headers, data);
}

const writePart = (contentType: string, headers: readonly string[], bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([`Content-Type: ${contentType}`, ...headers, '', ''].join(LINE)), bytes]);

function joinParts(kind: 'mixed' | 'related', parts: readonly Buffer[]): MultipartBody {
  const boundary = randomBytes(BOUNDARY_BYTES).toString('hex');
  const open = Buffer.from(`--${boundary}${LINE}`);
  const pieces = parts.flatMap((part) => [open, part, Buffer.from(LINE)]);
  const bytes = Buffer.concat([...pieces, Buffer.from(`--${boundary}--`)]);
  return { contentType: `multipart/${kind}; boundary="${boundary}"`, bytes };
}
