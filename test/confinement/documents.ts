// A small library, for replication on a slow machine, and a film that one of its documents names.
import { hashOf, pattern } from '../integration/files/temp-store.js';

export const LIBRARY_DOCUMENTS = Array.from({ length: 20 }, (_, number) => ({
  _id: `document-${number}`,
  title: `number ${number}`,
  ...(number === 7 && { _attachments: { 'a.txt': { content_type: 'text/plain', data: 'aGVsbG8=' } } }),
}));

const bytes = pattern(700_000);
const { id, digests } = hashOf(bytes);
export const FILM = { bytes, id, digests, document: { _id: id, type: 'dmedia/file', bytes: bytes.length } };
