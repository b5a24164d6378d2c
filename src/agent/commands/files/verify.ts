// `patchcord files verify`: hashes blobs again, and moves those aside whose content is not what their id says.
import type { Command } from 'commander';
import { createFileHasher, type FileHasher } from '../../../adapters/files/hash-file.js';
import { listBlobs, type ListedBlob } from '../../../adapters/files/list-blobs.js';
import { openStoreWriter } from '../../../adapters/files/store-writer.js';
import { createStores } from '../../../adapters/files/stores.js';
import type { BlobId } from '../../../core/ids.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { formatFiles } from '../../cli/format.js';
import { withExamples } from '../../cli/examples.js';
import { Failure } from '../../cli/failure.js';
import { createClosers } from '../../closers.js';
import { readSettings } from '../../config/settings.js';
import { meantBlobs } from '../../files/meant-blobs.js';
import { lockStore, presentStores } from '../../files/open-store.js';
import { createProgress, type Progress } from '../../files/progress.js';

type Outcome = 'good' | 'corrupt' | 'unreadable';

export function addVerify(files: Command, cli: Cli): void {
  const command = files
    .command('verify')
    .description('hash files again; bad ones go to .dmedia/corrupt of their store')
    .argument('[id...]', 'the files, each by 8 or more characters of its id; else all')
    .option('--json', 'print JSON, a line for each file')
    .action((ids: string[], options: { readonly json?: boolean }) =>
      cli.run(options, (context) => runVerify(context, ids)),
    );
  withExamples(command, [
    ['patchcord files verify', 'every file of every store'],
    ['patchcord files verify 6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK', 'one file'],
  ]);
}

async function runVerify(context: CommandContext, idTexts: readonly string[]): Promise<void> {
  const stores = await presentStores(context, await readSettings(context.paths));
  const wanted = await meantBlobs(stores, idTexts);
  const blobs = await Promise.all(stores.map((store) => blobsOf(store, wanted)));
  const found = new Set(blobs.flat().map(({ id }) => id));
  const missing = [...wanted].find((id) => !found.has(id));
  if (missing !== undefined)
    throw new Failure('noInput', 'no-file', `${missing} is in no store`, {
      hint: 'See `patchcord files list`.',
    });
  const total = blobs.flat().reduce((sum, { size }) => sum + size, 0);
  const bad = await verifyAll(
    context,
    new Map(stores.map((store, index) => [store, blobs[index] ?? []])),
    total,
  );
  const count = blobs.flat().length;
  if (bad > 0) throw new Failure('data', 'not-all-good', `${bad} of ${formatFiles(count)} not good`);
  context.output.tell({ event: 'summary', files: count, bad }, `${formatFiles(count)} good`);
}

async function blobsOf(store: string, wanted: ReadonlySet<BlobId>): Promise<ListedBlob[]> {
  const blobs: ListedBlob[] = [];
  for await (const blob of listBlobs(store)) if (wanted.size === 0 || wanted.has(blob.id)) blobs.push(blob);
  return blobs;
}

/** Resolves with how many were bad. */
async function verifyAll(
  context: CommandContext,
  blobs: ReadonlyMap<string, readonly ListedBlob[]>,
  total: number,
): Promise<number> {
  const closers = createClosers();
  try {
    const hasher = createFileHasher();
    closers.add(() => hasher.close());
    const progress = createProgress(context, total);
    closers.add(() => progress.stop());
    let bad = 0;
    for (const [store, list] of blobs) {
      const lock = await lockStore(store);
      closers.add(() => lock.release());
      bad += await verifyStore(context, hasher, progress, store, list);
    }
    return bad;
  } finally {
    await closers.closeAll();
  }
}

async function verifyStore(
  { signal }: CommandContext,
  hasher: FileHasher,
  progress: Progress,
  store: string,
  blobs: readonly ListedBlob[],
): Promise<number> {
  const writer = await openStoreWriter(store, hasher);
  let bad = 0;
  for (const blob of blobs) {
    signal.throwIfAborted();
    const outcome = await verifyBlob(hasher, store, blob, (count) => progress.add(count), signal);
    if (outcome === 'corrupt') await writer.condemn(blob.id);
    if (outcome !== 'good') bad += 1;
    progress.say({ id: blob.id, store, outcome }, `${blob.id}  ${WORDS[outcome]}`);
  }
  return bad;
}

const WORDS: Record<Outcome, string> = {
  good: 'good',
  corrupt: 'BAD: moved to .dmedia/corrupt',
  unreadable: 'CANNOT BE READ: left where it is; look at the drive',
};

async function verifyBlob(
  hasher: FileHasher,
  store: string,
  { id, size }: ListedBlob,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  if (size === 0) return 'corrupt';
  const blob = await createStores([store]).open(id);
  if (blob === null) return 'unreadable';
  try {
    const hashed = await hasher.hash({ fd: blob.fd, size: blob.size, onBytes }, signal);
    if (hashed === null) return 'unreadable';
    return hashed.id === id ? 'good' : 'corrupt';
  } finally {
    await blob.close();
  }
}
