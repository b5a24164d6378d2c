// What files are called: by the documents of the databases that own devices may write to. Names come from peers, and
// are cleaned. Where `up` is not running, or a database does not answer, there are none.
import type { CouchClient } from '../../adapters/couch-client/couch-client.js';
import type { CommandContext } from '../cli/cli.js';
import type { Settings } from '../config/settings.js';
import { cleanText } from '../gateway-events.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';
import { openDatabase } from './database-access.js';

/** The name of each that has one. */
export type NameFiles = (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** dmedia's: the library, and those of projects, whose documents have names. */
const WITH_FILES = /^dmedia-0(?:-|$)/;

export async function openNames(context: CommandContext, settings: Settings): Promise<NameFiles> {
  const status = await askAgentIfUp(context.paths, 'status');
  const databases = (status?.couchdb.databases ?? []).filter((name) => WITH_FILES.test(name));
  const opened = await Promise.all(
    databases.map(async (name) => {
      const client = await openDatabase(context, settings, name).catch(() => null);
      return client === null ? [] : [{ name, client }];
    }),
  );
  return async (ids) => {
    const names = new Map<string, string>();
    for (const { name, client } of opened.flat())
      for (const [id, text] of await readNames(client, name, ids)) names.set(id, text);
    return names;
  };
}

async function readNames(
  client: CouchClient,
  database: string,
  ids: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  const documents = await client.documents(database, ids).catch(() => []);
  return documents.flatMap(({ _id: id, name }) =>
    typeof name === 'string' && name !== '' ? [[id, cleanText(name)] as const] : [],
  );
}
