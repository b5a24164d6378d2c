// Which files were imported already, so that an import that was cut short goes on where it stopped. A hint only: what
// it names is looked for in the stores before it counts.
import { open, type FileHandle } from 'node:fs/promises';
import { readTextFile } from '../../adapters/home/private-file.js';
import { parseBlobId, type BlobId } from '../../core/ids.js';

export interface Journal {
  /** The blob that a file with this fingerprint became; null where that is not known. */
  blobOf(fingerprint: string): BlobId | null;
  note(fingerprint: string, id: BlobId): Promise<void>;
  close(): Promise<void>;
}

const JOURNAL_MODE = 0o600;
/** Older entries are forgotten, and those files hashed again. */
export const MAX_ENTRIES = 1_000_000;

/** A line that a crash cut short is passed over. */
export async function openJournal(path: string): Promise<Journal> {
  const known = parse((await readTextFile(path))?.text ?? '');
  let file: Promise<FileHandle> | null = null;
  return {
    blobOf: (fingerprint) => known.get(fingerprint) ?? null,
    async note(fingerprint, id) {
      known.set(fingerprint, id);
      file ??= open(path, 'a', JOURNAL_MODE);
      await (await file).appendFile(`\n${fingerprint} ${id}`);
    },
    close: async () => (await file)?.close(),
  };
}

function parse(text: string): Map<string, BlobId> {
  const known = new Map<string, BlobId>();
  for (const line of text.split('\n').slice(-MAX_ENTRIES)) {
    const [fingerprint = '', idText = ''] = line.split(' ');
    const id = parseBlobId(idText);
    if (id !== null) known.set(fingerprint, id);
  }
  return known;
}
