// A library to replicate: documents of every kind that has ever been lost on the way.
import { createHash } from 'node:crypto';
import type { Json, PouchDocument } from '../../kit/pouch.js';

/** Bytes that no compression makes smaller, the same for the same word. */
export function noise(length: number, word: string): Buffer {
  const bytes = Buffer.allocUnsafe(length + 32);
  for (let at = 0, block = 0; at < length; at += 32, block++) {
    createHash('sha256').update(`${word} ${block}`).digest().copy(bytes, at);
  }
  return bytes.subarray(0, length);
}

/** A revision id with a hash of its own, as another device could have made it. */
export const revisionHash = (word: string): string => createHash('md5').update(word).digest('hex');

export const attachment = (data: Buffer, type = 'application/octet-stream'): Json => ({
  content_type: type,
  data: data.toString('base64'),
});

export const ODD_IDS = [
  'a/b/c',
  '/leading',
  'trailing/',
  '//',
  'a b',
  ' spaces ',
  'a+b',
  'a%2Fb',
  'a%b',
  'ümläut',
  'e\u0301 is not \u00e9',
  '日本語',
  '🎬 take 2',
  'constructor',
  'toString',
  'hasOwnProperty',
  'question?mark',
  'fragment#part',
  'a&b=c;d',
  'quote"d',
  "apostrophe's",
  'back\\slash',
  'colon:colon',
  '.',
  '..',
  '-',
  '~!*()',
  'design/x',
  'l'.repeat(240),
  '{"json":true}',
] as const;

/** dmedia once lost what was larger than 64 KiB, at this size. */
export const DMEDIA_ATTACHMENT_BYTES = 68_400;
const LARGE_ATTACHMENT_BYTES = 3 * 1024 * 1024;

export const ODD_ATTACHMENT_NAMES = [
  'plain.bin',
  'folder/in a folder/file.bin',
  'ünïcode 日本.bin',
  'a+b.bin',
  'per%cent%2F.bin',
  'que?ry&am;p#.bin',
  '🎬.mov',
] as const;

const PLAIN = 760;
const WITH_ATTACHMENTS = 180;
const CONFLICTED = 60;
const DELETED = 60;
const DESIGNS = 5;

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const named = (kind: string, index: number): string => `${kind}-${String(index).padStart(4, '0')}`;

function plain(index: number): PouchDocument {
  const _id = named('plain', index);
  return { _id, type: 'dmedia/file', index, tags: { [named('tag', index % 7)]: true }, text: `${index} – ✓` };
}

/** Under a text type too: databases may keep those compressed. */
function withAttachments(index: number): PouchDocument {
  const _id = named('attached', index);
  const _attachments: Json = { 'thumbnail.jpg': attachment(noise(500 + index * 13, _id), 'image/jpeg') };
  if (index % 3 === 0)
    _attachments['notes.txt'] = attachment(Buffer.from(`${_id}\n`.repeat(50)), 'text/plain');
  if (index % 5 === 0) _attachments['empty.bin'] = attachment(Buffer.alloc(0));
  return { _id, index, _attachments };
}

const oddAttachments = (): PouchDocument => ({
  _id: 'odd attachment/names',
  _attachments: Object.fromEntries(ODD_ATTACHMENT_NAMES.map((name) => [name, attachment(noise(777, name))])),
});

const largeAttachments = (): PouchDocument[] => [
  { _id: 'dmedia', _attachments: { 'proxy.bin': attachment(noise(DMEDIA_ATTACHMENT_BYTES, 'dmedia')) } },
  {
    _id: 'large',
    _attachments: { 'movie.mov': attachment(noise(LARGE_ATTACHMENT_BYTES, 'large'), 'video/quicktime') },
  },
];

const design = (index: number): PouchDocument => ({
  _id: `_design/${named('views', index)}`,
  views: {
    byIndex: { map: `function (doc) { if (doc.index % ${index + 1} === 0) emit(doc.index, null); }` },
  },
});

/** Documents as a person writes them. */
export const freshDocuments = (): PouchDocument[] => [
  ...times(PLAIN, plain),
  ...times(WITH_ATTACHMENTS, withAttachments),
  ...ODD_IDS.map((_id) => ({ _id, odd: true })),
  oddAttachments(),
  ...largeAttachments(),
  ...times(DESIGNS, design),
];

/** A leaf with its whole history, for writing with `new_edits: false`. */
function leaf(_id: string, path: readonly string[], fields: Json): PouchDocument {
  const ids = path.map((word) => revisionHash(`${_id} ${word}`)).reverse();
  const start = path.length;
  return { _id, _rev: `${start}-${ids[0] ?? ''}`, _revisions: { start, ids }, ...fields };
}

/** Branches of different lengths, one of them deleted every third time, one with an attachment every fourth. */
function conflicted(index: number): PouchDocument[] {
  const _id = named('conflict', index);
  const branches = [
    leaf(_id, ['root', 'left', 'left again'], { branch: 'left' }),
    leaf(_id, ['root', 'right'], index % 3 === 0 ? { _deleted: true } : { branch: 'right' }),
  ];
  if (index % 4 === 0) {
    const _attachments = { 'side.bin': attachment(noise(900, _id)) };
    branches.push(leaf(_id, ['root', 'left', 'aside'], { branch: 'aside', _attachments }));
  }
  return branches;
}

/** Deleted, some with more than a tombstone left. */
const deleted = (index: number): PouchDocument =>
  leaf(named('deleted', index), ['first', 'second', 'gone'], {
    _deleted: true,
    ...(index % 2 === 0 && { why: `because ${index}` }),
  });

/** Documents as replication writes them. */
export const documentsWithHistory = (): PouchDocument[] => [
  ...times(CONFLICTED, conflicted).flat(),
  ...times(DELETED, deleted),
];

export const DOCUMENT_COUNT =
  PLAIN + WITH_ATTACHMENTS + ODD_IDS.length + 1 + 2 + DESIGNS + CONFLICTED + DELETED;
