// CouchDB: whether it answers, whether it lets in anyone, and whether the limited credentials are what they should be.
import {
  createCouchClient,
  CouchError,
  type CouchClient,
  type CouchLogin,
} from '../../adapters/couch-client/couch-client.js';
import { NO_ADMIN } from '../config/admin.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Settings } from '../config/settings.js';
import { isPublic, parseSecurity } from '../provision/security.js';
import { rolesIn, type Target } from '../provision/targets.js';
import { attention, bad, good, type Finding } from './finding.js';

export interface CouchToCheck {
  readonly url: string;
  readonly credentials: Credentials;
  readonly targets: readonly Target[];
  readonly admin: CouchLogin | null;
  /** Its administrator is made by the running `up`, and known to it alone. */
  readonly isEmbedded: boolean;
}

const ADMIN_ROLE = '_admin';
const UNAUTHORIZED = 401;

export async function checkCouchdb({
  url,
  credentials,
  targets,
  admin,
  isEmbedded,
}: CouchToCheck): Promise<Finding[]> {
  const nobody = await sessionOf(createCouchClient(url, null));
  if (nobody === 'away')
    return [
      bad(
        'couchdb',
        `CouchDB does not answer at ${url}`,
        'start it, or set its address: patchcord config set couchdb.url URL',
      ),
    ];
  const findings = [good('couchdb', `CouchDB answers at ${url}`)];
  if (nobody !== 'refused' && nobody.roles.includes(ADMIN_ROLE))
    findings.push(
      bad(
        'admin-party',
        'everyone is its administrator',
        'give CouchDB an administrator: [admins] in its local.ini',
      ),
    );
  for (const target of targets) findings.push(await checkCredential(url, credentials, target.credential));
  if (admin !== null) findings.push(...(await checkDatabases(url, admin, targets)));
  else if (!isEmbedded) findings.push(attention('admin', NO_ADMIN.text, NO_ADMIN.todo));
  return findings;
}

async function checkCredential(url: string, credentials: Credentials, name: string): Promise<Finding> {
  const credential = credentials[name];
  const todo = 'patchcord provision';
  if (credential === undefined)
    return bad('credentials', `there is no limited credential ${name}: its roles have no databases`, todo);
  if ('jwt' in credential)
    return attention(
      'credentials',
      `${name} is a token, which no replicator writes with: nothing is pulled from devices of its roles`,
      'give it a user and a password: patchcord provision makes one',
    );
  if (!('basic' in credential))
    return good('credentials', `${name} is not by password, and is not looked at`);
  const session = await sessionOf(createCouchClient(url, credential.basic));
  if (session === 'refused') return bad('credentials', `CouchDB refuses the credential ${name}`, todo);
  if (session === 'away') return bad('credentials', 'CouchDB stopped answering', 'try again');
  return session.roles.includes(ADMIN_ROLE)
    ? bad('credentials', `${name} is a server administrator: the gateway will not start with it`, todo)
    : good('credentials', `${name} is the limited user ${session.name ?? ''}`);
}

async function checkDatabases(
  url: string,
  login: CouchLogin,
  targets: readonly Target[],
): Promise<Finding[]> {
  const admin = createCouchClient(url, login);
  const session = await sessionOf(admin);
  if (session === 'refused' || session === 'away')
    return [
      bad(
        'admin',
        'CouchDB refuses the configured administrator',
        'patchcord config set couchdb.admin.password PASSWORD',
      ),
    ];
  const open: string[] = [];
  for (const name of await admin.databases()) {
    if (rolesIn(targets, name).length === 0) continue;
    const security = parseSecurity(await admin.security(name));
    if (security !== null && isPublic(security)) open.push(name);
  }
  if (open.length === 0) return [good('databases', 'no database of the policy is open to everyone')];
  return [
    attention('databases', `open to every local user: ${open.join(', ')}`, 'patchcord provision closes them'),
  ];
}

async function sessionOf(client: CouchClient) {
  try {
    return await client.session();
  } catch (error) {
    return error instanceof CouchError && error.status === UNAUTHORIZED ? 'refused' : 'away';
  }
}

/** A password in the configuration is of no use without an address that it goes to. */
export const adminOf = ({ couchdb }: Settings): CouchLogin | null => couchdb?.admin ?? null;
