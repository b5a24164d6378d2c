// `patchcord config`: shows, checks and changes config.json.
import type { Command } from 'commander';
import { readTextFile } from '../../adapters/home/private-file.js';
import { isObject } from '../../core/env/env.js';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { Failure } from '../cli/failure.js';
import { parseListen } from '../config/listen.js';
import { readConfigFile, setAt, valueAt, writeConfigFile } from '../config/edit.js';
import { parseSettings, readSettings, type Settings } from '../config/settings.js';
import { refuseOtherName } from '../directory/own-name.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';

interface Options {
  readonly json?: boolean;
}

export function addConfig(program: Command, cli: Cli): void {
  const config = program.command('config').description('show, check and change the configuration');
  config
    .command('show', { isDefault: true })
    .description('print the configuration in force, with its defaults; passwords are left out')
    .option('--json', 'print JSON on one line')
    .action((options: Options) => cli.run(options, showConfig));
  config
    .command('check')
    .description('tell every problem of a configuration')
    .argument('[file]', 'another file than the one in force')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: Options) =>
      cli.run(options, (context) => checkConfig(context, file)),
    );
  config
    .command('set')
    .description('set one value, when the configuration is without problems then')
    .argument('<key>', 'such as "name" or "listen.port"')
    .argument('<value>', 'JSON, or a text')
    .option('--json', 'print JSON')
    .action((key: string, value: string, options: Options) =>
      cli.run(options, (context) => changeConfig(context, key, parseValue(key, value))),
    );
  config
    .command('unset')
    .description('take one value out: its default holds again')
    .argument('<key>', 'such as "name" or "listen.port"')
    .option('--json', 'print JSON')
    .action((key: string, options: Options) =>
      cli.run(options, (context) => changeConfig(context, key, undefined)),
    );
  withExamples(config, [
    ['patchcord config', 'what is in force, and where it stands'],
    [`patchcord config set name "Ada's laptop"`, 'change one value'],
    ['patchcord config set listen.port 41000', 'the port is fixed then'],
    ['patchcord config set listen.on enp3s0', 'on this link alone; several with commas between them'],
    ['patchcord config check new.json', 'every problem of a file, with its path'],
  ]);
}

/** What stands on stdout can be a configuration as it is. */
async function showConfig({ paths, output, stderr }: CommandContext): Promise<void> {
  const settings = await readSettings(paths);
  const isAdminHidden = (settings.couchdb?.admin ?? null) !== null;
  const shown = shownConfig(settings);
  if (!output.isJson)
    stderr.write(`# ${paths.config}${isAdminHidden ? '; its couchdb.admin is left out here' : ''}\n`);
  output.tell({ path: paths.config, isAdminHidden, settings: shown }, JSON.stringify(shown, null, 2));
}

/** In the shape of the file, without passwords. */
function shownConfig({ couchdb, stores, limits, ...settings }: Settings): object {
  return {
    ...settings,
    ...(couchdb !== null && { couchdb: { url: couchdb.url, ...couchdb.tls } }),
    files: { stores },
    ...(limits !== null && { limits }),
  };
}

async function checkConfig({ paths, output }: CommandContext, path = paths.config): Promise<void> {
  const file = await readTextFile(path);
  if (file === null && path !== paths.config) throw new Failure('noInput', 'enoent', `${path} is not there`);
  const { problems } = parseSettings(file?.text ?? '{}', paths);
  if (problems.length > 0)
    throw new Failure('config', 'config', `the configuration in ${path} has problems`, { problems });
  output.tell(
    { path, problems: [] },
    file === null ? `There is no ${path}: all defaults.` : `${path} is good.`,
  );
}

async function changeConfig({ paths, output }: CommandContext, key: string, value: unknown): Promise<void> {
  const before = await readConfigFile(paths);
  if (value === undefined && valueAt(before, key) === undefined)
    throw new Failure('data', 'not-set', `${key} is not set`, {
      hint: 'What `patchcord config` shows of it is a default.',
    });
  if (key === 'name' && value !== undefined) await refuseOtherName(paths, value);
  await writeConfigFile(paths, setAt(before, key, value));
  const isUp = (await askAgentIfUp(paths, 'couchdb')) !== null;
  output.tell(
    { key, isSet: value !== undefined, takesEffect: isUp ? 'at-restart' : 'at-start' },
    isUp ? 'Done. It holds when `patchcord up` is started again.' : 'Done.',
  );
}

function parseValue(key: string, text: string): unknown {
  if (key === 'listen.on' && !text.startsWith('[')) return parseListen(text);
  try {
    const value: unknown = JSON.parse(text);
    return value === null || isObject(value) || typeof value !== 'string' ? value : text;
  } catch {
    return text;
  }
}
