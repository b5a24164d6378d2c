// All checks, in the order in which a person would mend things.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';
import { Failure } from '../cli/failure.js';
import { readSettings, type Settings } from '../config/settings.js';
import { readCredentials } from '../home/credentials.js';
import type { Identity } from '../home/identity.js';
import type { Paths } from '../home/paths.js';
import { targetsOf } from '../provision/targets.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';
import { adminOf, checkCouchdb } from './couchdb.js';
import { bad, good, type Finding } from './finding.js';
import { checkIdentity, checkModes } from './home.js';
import { checkFirewall, checkLinks, checkResponders } from './links.js';
import { checkStoreRules } from './confinement.js';
import { checkRunning } from './running.js';
import { checkStores } from './stores.js';

export interface Patient {
  readonly paths: Paths;
  readonly adminLogin: CouchLogin | null;
  readonly now: Date;
}

/** Yields each finding as soon as it is there. */
export async function* examine({ paths, adminLogin, now }: Patient): AsyncGenerator<Finding> {
  const status = await askAgentIfUp(paths, 'status');
  yield* checkRunning(status);
  yield* await checkModes(paths);
  const { identity, findings } = await checkIdentity(paths, now);
  yield* findings;
  const settings = yield* checkConfig(paths);
  if (settings === null) return;
  // Of the running one, whose command line may say something else than the file.
  yield* checkLinks(status?.listenOn ?? settings.listen.on);
  yield checkFirewall(
    status?.listeners[0]?.port ?? (settings.listen.port === 0 ? null : settings.listen.port),
  );
  yield checkResponders();
  yield* await checkStores(settings, paths.store);
  yield* checkStoreRules(status?.confinedBy ?? [], settings.stores);
  if (identity !== null) yield* await checkUpstream(paths, settings, identity, adminLogin);
}

async function* checkConfig(paths: Paths): AsyncGenerator<Finding, Settings | null> {
  try {
    const settings = await readSettings(paths);
    yield good('config', 'the configuration has no problems');
    return settings;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    for (const { path, reason } of error.problems)
      yield bad('config', `${path} ${reason}`, `mend ${paths.config}`);
    return null;
  }
}

async function checkUpstream(
  paths: Paths,
  settings: Settings,
  identity: Identity,
  adminLogin: CouchLogin | null,
): Promise<Finding[]> {
  const embedded = settings.couchdb === null ? await askAgentIfUp(paths, 'couchdb') : null;
  const url = settings.couchdb?.url ?? embedded?.url;
  // The embedded server runs with `up` only.
  if (url === undefined) return [];
  const credentials = embedded?.credentials ?? (await readCredentials(paths.credentials)) ?? {};
  const targets = targetsOf(settings.policy, credentials, identity.deviceId);
  const admin = embedded === null ? (adminLogin ?? adminOf(settings)) : null;
  return checkCouchdb({ url, credentials, targets, admin, isEmbedded: embedded !== null });
}
