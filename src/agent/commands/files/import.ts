// `patchcord files import`: opens what an import needs, and tells how it went.
import { join } from 'node:path';
import type { Command } from 'commander';
import { createFileHasher } from '../../../adapters/files/hash-file.js';
import { createLeaves } from '../../../adapters/files/leaves.js';
import { readStoreId } from '../../../adapters/files/list-blobs.js';
import { openStoreWriter } from '../../../adapters/files/store-writer.js';
import { createStores } from '../../../adapters/files/stores.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { withExamples } from '../../cli/examples.js';
import { Failure } from '../../cli/failure.js';
import { formatBytes, formatFiles } from '../../cli/format.js';
import { createClosers } from '../../closers.js';
import { FIRST_DATABASE } from '../../config/default-policy.js';
import { readSettings } from '../../config/settings.js';
import { openDatabase } from '../../files/database-access.js';
import { importFiles, type ImportOutcome, type ImportResult } from '../../files/import.js';
import { openJournal } from '../../files/journal.js';
import { chooseStore, lockStore } from '../../files/open-store.js';
import { createProgress } from '../../files/progress.js';
import { findFiles, type FoundFile } from '../../files/walk.js';

interface Options {
  readonly database: string;
  /** False after --no-document. */
  readonly document: boolean;
  readonly store?: string;
  readonly json?: boolean;
}

export function addImport(files: Command, cli: Cli): void {
  const command = files
    .command('import')
    .description('copy files into a store; safe to interrupt, and to run again')
    .argument('<path...>', 'files, and folders with all that is in them')
    .option('--database <name>', 'where the documents of the files go', FIRST_DATABASE)
    .option('--no-document', 'write no documents')
    .option('--store <folder>', 'the store to copy into; else the first that is there')
    .option('--json', 'print JSON, a line for each file')
    .action((paths: string[], options: Options) =>
      cli.run(options, (context) => runImport(context, paths, options)),
    );
  withExamples(command, [
    ['patchcord files import ~/Videos/take-7.mov', 'one file'],
    ['patchcord files import ~/Videos --database dmedia-0-novel', 'a folder, for a project'],
    ['patchcord files import --no-document ~/Videos', 'while patchcord is not up'],
  ]);
}

const WORDS: Record<ImportOutcome, string> = {
  stored: 'stored',
  present: 'here already',
  empty: 'empty, and not stored',
  unreadable: 'cannot be read',
  changed: 'changed while it was copied, and was not stored',
};
const FAILED: readonly ImportOutcome[] = ['unreadable', 'changed'];

async function runImport(context: CommandContext, paths: readonly string[], options: Options): Promise<void> {
  const settings = await readSettings(context.paths);
  const { files: found, links } = await findFiles(paths);
  const store = await chooseStore(context, settings, options.store);
  const client = options.document ? await openDatabase(context, settings, options.database) : null;
  const results = await importInto(context, store, found, client && { name: options.database, client });
  const failed = results.filter(({ outcome }) => FAILED.includes(outcome)).length;
  tellSummary(context, results, links, client === null ? null : options.database);
  if (failed > 0)
    throw new Failure('io', 'not-all', `${failed} of ${formatFiles(results.length)} not imported`, {
      hint: 'Run it again when they can be read: what is stored is not copied twice.',
    });
}

type Database = { readonly name: string; readonly client: Awaited<ReturnType<typeof openDatabase>> } | null;

async function importInto(
  context: CommandContext,
  store: string,
  found: readonly FoundFile[],
  database: Database,
): Promise<ImportResult[]> {
  const { signal, now, paths } = context;
  const closers = createClosers();
  const results: ImportResult[] = [];
  try {
    const lock = await lockStore(store);
    closers.add(() => lock.release());
    const journal = await openJournal(join(paths.home, 'imports.journal'));
    closers.add(() => journal.close());
    const hasher = createFileHasher();
    closers.add(() => hasher.close());
    const stores = createStores([store]);
    const leaves = createLeaves({ stores });
    closers.add(() => leaves.close());
    const progress = createProgress(
      context,
      found.reduce((sum, { size }) => sum + size, 0),
    );
    closers.add(() => progress.stop());
    const onResult = (result: ImportResult): void => {
      results.push(result);
      progress.say(result, `${result.id ?? '-'.repeat(48)}  ${result.path}: ${WORDS[result.outcome]}`);
    };
    const [writer, storeId] = [await openStoreWriter(store, hasher), await readStoreId(store)];
    await importFiles(found, {
      ...{ writer, stores, leaves, storeId, journal, database, progress, now, signal, onResult },
    });
    return results;
  } finally {
    await closers.closeAll();
  }
}

function tellSummary(
  { output }: CommandContext,
  results: readonly ImportResult[],
  links: number,
  database: string | null,
): void {
  const count = (wanted: ImportOutcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  const documents = results.filter(({ document }) => document !== null && document !== 'present').length;
  const bytes = results.reduce((sum, { outcome, bytes: size }) => sum + (outcome === 'stored' ? size : 0), 0);
  const summary = {
    event: 'summary',
    files: results.length,
    stored: count('stored'),
    present: count('present'),
    documents,
    bytes,
    links,
  };
  const written =
    documents === 0
      ? ''
      : `; ${documents} ${documents === 1 ? 'document' : 'documents'} written to ${database ?? ''}`;
  const passedOver =
    links === 0 ? '' : `; ${links} symbolic ${links === 1 ? 'link was' : 'links were'} passed over`;
  output.tell(
    summary,
    `${summary.stored} stored (${formatBytes(bytes)}), ${summary.present} here already, of ${formatFiles(summary.files)}${written}${passedOver}`,
  );
}
