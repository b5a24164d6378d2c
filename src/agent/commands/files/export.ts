// `patchcord files export`: a file out of the stores, checked on the way; it appears whole, or not at all.
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { copyLeaves, SourceChanged } from '../../../adapters/files/copy-leaves.js';
import { createFileHasher, type HashedFile } from '../../../adapters/files/hash-file.js';
import { createStores, type OpenBlob } from '../../../adapters/files/stores.js';
import type { Cli, CommandContext } from '../../cli/cli.js';
import { withExamples } from '../../cli/examples.js';
import { Failure } from '../../cli/failure.js';
import { readSettings } from '../../config/settings.js';
import { meantBlobs } from '../../files/meant-blobs.js';
import { createProgress } from '../../files/progress.js';

interface Options {
  readonly force?: boolean;
  readonly json?: boolean;
}

const SUFFIX_BYTES = 6;

export function addExport(files: Command, cli: Cli): void {
  const command = files
    .command('export')
    .description('copy a file out of the stores, and check it')
    .argument('<id>', 'the file: its id, or the first 8 or more characters of it')
    .argument('[path]', 'the new file, or a folder for it; else here, named by its id')
    .option('--force', 'replace what is there')
    .option('--json', 'print JSON')
    .action((id: string, path: string | undefined, options: Options) =>
      cli.run(options, (context) => runExport(context, id, path ?? '.', options)),
    );
  withExamples(command, [
    ['patchcord files export 6VKN463LEKJMD3OP87UYVU5V65XXOSG3HCT3Q6NDJD58TQXK take-7.mov', 'under a name'],
    ['patchcord files export 6VKN463L ~/Videos', 'into a folder, named by its id'],
  ]);
}

async function runExport(
  context: CommandContext,
  idText: string,
  path: string,
  { force = false }: Options,
): Promise<void> {
  const settings = await readSettings(context.paths);
  const [id] = await meantBlobs(settings.stores, [idText]);
  if (id === undefined) return;
  const target = (await isFolder(path)) ? join(resolve(path), id) : resolve(path);
  if (!force && (await stat(target).catch(() => null)) !== null) throw exists(target);
  const blob = await createStores(settings.stores).open(id);
  if (blob === null)
    throw new Failure('noInput', 'no-file', `${id} is in no store that is there now`, {
      hint: 'See `patchcord files stores`.',
    });
  try {
    await exportBlob(context, blob, target, force);
  } finally {
    await blob.close();
  }
  context.output.tell({ id, path: target, bytes: blob.size }, target);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const exists = (target: string): Failure =>
  new Failure('cannotCreate', 'exists', `${target} is there already`, { hint: 'Say --force to replace it.' });

async function exportBlob(
  context: CommandContext,
  blob: OpenBlob,
  target: string,
  force: boolean,
): Promise<void> {
  const suffix = randomBytes(SUFFIX_BYTES).toString('hex');
  const unfinished = join(dirname(target), `.${basename(target)}.${suffix}`);
  try {
    const hashed = await copyTo(context, blob, unfinished);
    if (hashed.id !== blob.id)
      throw new Failure('data', 'corrupt', `${blob.id} is not what its id says: nothing was exported`, {
        hint: 'Run `patchcord files verify`, and bring it from another device.',
      });
    await place(unfinished, target, force);
  } catch (error) {
    // Nobody knows it by its hidden name.
    const { path } = error as NodeJS.ErrnoException;
    throw path === unfinished ? Object.assign(error as Error, { path: target }) : error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function copyTo(context: CommandContext, blob: OpenBlob, path: string): Promise<HashedFile> {
  const hasher = createFileHasher();
  const progress = createProgress(context, blob.size);
  const to = await open(path, 'wx+');
  try {
    const onBytes = (count: number): void => progress.add(count);
    return await copyLeaves(hasher, { from: blob, to, size: blob.size, onBytes, signal: context.signal });
  } catch (error) {
    if (error instanceof SourceChanged) throw new Failure('io', 'unreadable', `${blob.id} cannot be read`);
    throw error;
  } finally {
    await to.close();
    await hasher.close();
    progress.stop();
  }
}

/** File systems of drives that know no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP']);

/** A link fails where something is in its place; a rename replaces it. */
async function place(unfinished: string, target: string, force: boolean): Promise<void> {
  if (force) return rename(unfinished, target);
  await link(unfinished, target).catch(async (error: unknown) => {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(target);
    if (!NO_LINKS.has(code)) throw error;
    await rename(unfinished, target);
  });
}
