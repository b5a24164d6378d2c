// Who the administrator of CouchDB is, for a command: the running `up` knows the embedded server's; of another, the
// environment, the configuration, or the person at the terminal.
import {
  CouchError,
  createCouchClient,
  type CouchClient,
  type CouchLogin,
} from '../../adapters/couch-client/couch-client.js';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import { ask, canAsk } from '../cli/prompt.js';
import { ADMIN_VARIABLES, adminFromEnv } from '../config/admin.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Settings } from '../config/settings.js';
import { readCredentials } from '../home/credentials.js';
import { askAgent } from '../rpc/ask-agent.js';

export interface AdminAccess {
  readonly kind: 'embedded' | 'configured';
  readonly url: string;
  readonly admin: CouchClient;
  readonly login: CouchLogin;
  readonly credentials: Credentials;
}

const UNAUTHORIZED = 401;

/** Fails unless whom it found is a server administrator. */
export async function openAdminAccess(context: CommandContext, settings: Settings): Promise<AdminAccess> {
  const access =
    settings.couchdb === null ? await embedded(context) : await configured(context, settings.couchdb);
  const admin = createCouchClient(access.url, access.login);
  const session = await admin.session().catch((error: unknown) => {
    if (error instanceof CouchError && error.status === UNAUTHORIZED) return null;
    throw error;
  });
  if (session?.roles.includes('_admin') === true) return { ...access, admin };
  throw new Failure(
    'noPermission',
    'not-admin',
    `${access.login.username} is no administrator of this CouchDB`,
    { hint: 'Say one of those in [admins] of its local.ini.' },
  );
}

type Found = Omit<AdminAccess, 'admin'> & { readonly login: CouchLogin };

async function embedded({ paths }: CommandContext): Promise<Found> {
  const { url, kind, credentials } = await askAgent(paths, 'couchdb');
  const login = await askAgent(paths, 'couchdb-admin');
  if (login !== null) return { kind, url, credentials, login };
  throw new Failure('unavailable', 'restart', 'patchcord is up with another configuration', {
    hint: 'Stop it, and start it again.',
  });
}

async function configured(
  context: CommandContext,
  { url, admin }: NonNullable<Settings['couchdb']>,
): Promise<Found> {
  const login = adminFromEnv(context.env) ?? admin ?? (await askLogin(context));
  const credentials = (await readCredentials(context.paths.credentials)) ?? {};
  return { kind: 'configured', url, credentials, login };
}

async function askLogin(context: CommandContext): Promise<CouchLogin> {
  if (!canAsk(context)) {
    throw new Failure('noPermission', 'no-admin', 'the administrator of CouchDB is needed', {
      hint: `Set ${ADMIN_VARIABLES.join(' and ')}, or couchdb.admin in ${context.paths.config}.`,
    });
  }
  const username = await ask(context, 'CouchDB administrator: ');
  const password = await ask(context, 'Password: ', { hidden: true });
  return { username, password };
}
