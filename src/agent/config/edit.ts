// Changes config.json: one value at a time, and only into a configuration without problems.
import { dirname } from 'node:path';
import { makePrivateFolder, writeFileAtomic } from '../../adapters/home/atomic-file.js';
import { readTextFile } from '../../adapters/home/private-file.js';
import { isObject } from '../../core/env/env.js';
import { Failure } from '../cli/failure.js';
import type { Paths } from '../home/paths.js';
import { parseSettings } from './settings.js';

type Config = Record<string, unknown>;

/** The file as it is, an empty object where there is none. */
export async function readConfigFile(paths: Paths): Promise<Config> {
  const file = await readTextFile(paths.config);
  if (file === null) return {};
  try {
    const config: unknown = JSON.parse(file.text);
    if (isObject(config)) return config;
  } catch {
    // As good as another kind of value.
  }
  throw new Failure('config', 'config', `${paths.config} is no JSON object`, {
    hint: 'Mend it by hand first.',
  });
}

const textOf = (config: Config): string => `${JSON.stringify(config, null, 2)}\n`;

/** Fails with all of its problems where it cannot be the configuration. */
export function checkConfig(paths: Paths, config: Config): void {
  const { problems } = parseSettings(textOf(config), paths);
  if (problems.length > 0)
    throw new Failure('config', 'config', 'the configuration would have problems', {
      problems,
      hint: 'Nothing was changed. `patchcord config` shows what there is to set.',
    });
}

/** Writes the whole configuration, for this user alone; fails with all of its problems, and changes nothing then. */
export async function writeConfigFile(paths: Paths, config: Config): Promise<void> {
  checkConfig(paths, config);
  await makePrivateFolder(dirname(paths.config));
  await writeFileAtomic(paths.config, textOf(config));
}

/** Sets the value at a path of keys such as "listen.port"; undefined takes it out, and what is empty then. */
export function setAt(config: Config, path: string, value: unknown): Config {
  const [key = '', ...rest] = path.split('.');
  const { [key]: before, ...others } = config;
  const inner = rest.length === 0 ? value : setAt(isObject(before) ? before : {}, rest.join('.'), value);
  const isEmptied = value === undefined && isObject(inner) && Object.keys(inner).length === 0;
  const after = isEmptied ? undefined : inner;
  return after === undefined ? others : { ...others, [key]: after };
}

/** The value at a path of keys; undefined where there is none. */
export const valueAt = (config: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      config,
    );
