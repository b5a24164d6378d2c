// A small library, for replication on a slow machine.
export const LIBRARY_DOCUMENTS = Array.from({ length: 20 }, (_, number) => ({
  _id: `document-${number}`,
  title: `number ${number}`,
  ...(number === 7 && { _attachments: { 'a.txt': { content_type: 'text/plain', data: 'aGVsbG8=' } } }),
}));
