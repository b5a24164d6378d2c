// `patchcord init`: makes this device ahead of the first `up`, and tells it who and where it is.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { checkConfig, readConfigFile, setAt, valueAt, writeConfigFile } from '../config/edit.js';
import { Failure } from '../cli/failure.js';
import { readSettings } from '../config/settings.js';
import { readOwnName, refuseOtherName } from '../directory/own-name.js';
import { openHome } from '../home/home.js';
import { makeStore, prepareStores } from '../up/prepare-stores.js';

interface Options {
  readonly name?: string;
  readonly couchdb?: string;
  readonly store?: string[];
  readonly json?: boolean;
}

export function addInit(program: Command, cli: Cli): void {
  const command = program
    .command('init')
    .description('make this device: its keys, its configuration, its store')
    .option('--name <name>', 'what people call this device')
    .option('--couchdb <url>', 'the CouchDB of this device, such as http://127.0.0.1:5984/')
    .option('--store <folder...>', 'where files are kept: the roots of drives, usually')
    .option('--json', 'print JSON')
    .action((options: Options) => cli.run(options, (context) => runInit(context, options)));
  withExamples(command, [
    ['patchcord init', 'with all defaults, as `up` does by itself'],
    [`patchcord init --name "Ada's laptop"`, 'with a name of its own'],
    [
      'patchcord init --couchdb http://127.0.0.1:5984/',
      'with a real CouchDB; then run `patchcord provision`',
    ],
  ]);
}

async function runInit(context: CommandContext, options: Options): Promise<void> {
  const { paths, output, now } = context;
  const stores = options.store?.map((folder) => resolve(folder));
  const changed = await writeWishes(context, { ...options, ...(stores !== undefined && { store: stores }) });
  const settings = await readSettings(paths);
  const { identity, isNew } = await openHome(paths, now());
  await prepareStores(settings, paths);
  const { userId, deviceId } = identity;
  const name = await readOwnName(paths, settings, identity);
  const leftIn = changed.includes('couchdb.url') && (await isThere(paths.couch)) ? paths.couch : null;
  const made = isNew ? 'Made' : 'There already:';
  output.tell(
    {
      userId,
      deviceId,
      name,
      isNew,
      home: paths.home,
      config: paths.config,
      stores: settings.stores,
      changed,
      embeddedData: leftIn,
    },
    `${made} ${JSON.stringify(name)} ${deviceId}, of user ${userId}, in ${paths.home}${formatChanges(paths.config, changed)}${formatLeft(leftIn)}
Keep a backup of ${paths.identity}. Next: ${settings.couchdb === null ? 'patchcord up' : 'patchcord provision'}`,
  );
}

const formatChanges = (config: string, changed: readonly string[]): string =>
  changed.length === 0 ? '' : `\nSet ${changed.join(', ')} in ${config}`;

const formatLeft = (folder: string | null): string =>
  folder === null
    ? ''
    : `
The databases of the embedded server stay in ${folder}, and are not moved. Another of your devices that has them
gives them back: they are pulled into the CouchDB when both are up. If none has, go back first: patchcord config unset couchdb`;

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A store in the home that is there already may have files, and would be one no more. */
async function refuseOtherStores({ paths }: CommandContext, stores: readonly string[]): Promise<void> {
  if (!(await isThere(join(paths.store, '.dmedia'))) || stores.includes(paths.store)) return;
  throw new Failure('cannotCreate', 'configured', `this device has a store already: ${paths.store}`, {
    hint: `To have both: patchcord files stores --add ${stores[0] ?? 'FOLDER'}`,
  });
}

/**
 * Resolves with what it changed in the configuration. Says nothing twice: what the file has already and is not the same
 * is a person's to change.
 */
async function writeWishes(context: CommandContext, { name, couchdb, store }: Options): Promise<string[]> {
  const wishes = Object.entries({ name, 'couchdb.url': couchdb, 'files.stores': store }).filter(
    ([, value]) => value !== undefined,
  );
  const changed: string[] = [];
  if (wishes.length === 0) return changed;
  if (name !== undefined) await refuseOtherName(context.paths, name);
  let config = await readConfigFile(context.paths);
  if (store !== undefined && valueAt(config, 'files.stores') === undefined)
    await refuseOtherStores(context, store);
  for (const [path, value] of wishes) {
    const before = valueAt(config, path);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(value)) {
      throw new Failure('cannotCreate', 'configured', `the configuration has another ${path} already`, {
        hint: `Change it with: patchcord config set ${path} VALUE`,
      });
    }
    if (before === undefined) changed.push(path);
    config = setAt(config, path, value);
  }
  checkConfig(context.paths, config);
  // What cannot be made does not stand in the configuration afterwards.
  for (const folder of store ?? []) await makeStore(folder);
  await writeConfigFile(context.paths, config);
  return changed;
}
