// Writes revisions of a document as multipart/mixed, each with its attachments as multipart/related inside: the form
// in which CouchDB's replicator wants them.
import { randomBytes } from 'node:crypto';
import type { Document, OpenRevision } from './packages.js';

const BOUNDARY_BYTES = 16;
const LINE = '\r\n';

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
