// The database that documents of files go to, with the limited credential of own devices: where a running `up` has
// the embedded server, it tells; else it is in the home.
import { createCouchClient, type CouchClient } from '../../adapters/couch-client/couch-client.js';
import { createProblems } from '../../core/env/problems.js';
import { compilePolicy } from '../../core/policy/compile.js';
import { grantOf } from '../../core/policy/policy.js';
import type { CommandContext } from '../cli/cli.js';
import { Failure } from '../cli/failure.js';
import type { Credentials } from '../config/gateway-env.js';
import type { Policy, Settings } from '../config/settings.js';
import { noDatabase, notGranted } from '../databases/refusals.js';
import { readCredentials } from '../home/credentials.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';

/** Fails where the database cannot be written to, before anything else is done. */
export async function openDatabase(
  context: CommandContext,
  settings: Settings,
  database: string,
): Promise<CouchClient> {
  const { url, credentials } = await findCouch(context, settings);
  const name = credentialFor(settings.policy, database);
  if (name === null) throw notGranted(database);
  const credential = credentials[name];
  if (credential === undefined || !('basic' in credential)) {
    throw new Failure(
      'noPermission',
      'no-credential',
      `there is no credential that may write to ${database}`,
      {
        hint: 'Run `patchcord provision`, or say --no-document.',
      },
    );
  }
  const client = createCouchClient(url, credential.basic);
  if (await client.hasDatabase(database)) return client;
  throw noDatabase(database);
}

async function findCouch(
  { paths }: CommandContext,
  { couchdb }: Settings,
): Promise<{ url: string; credentials: Credentials }> {
  if (couchdb !== null)
    return { url: couchdb.url, credentials: (await readCredentials(paths.credentials)) ?? {} };
  const access = await askAgentIfUp(paths, 'couchdb');
  if (access !== null) return access;
  throw new Failure('unavailable', 'not-up', 'patchcord is not up, and with it the database', {
    hint: 'Start it: patchcord up. Or say --no-document, and put the file in without a document.',
  });
}

/** The credential of a role of own devices that may write there. */
export function credentialFor(policy: Policy, database: string): string | null {
  const { roles, principals } = compilePolicy(
    policy,
    { cas: null, certs: null, credentials: null },
    createProblems(),
  );
  for (const principal of principals) {
    const role = roles.get(principal.role);
    const isOwn = principal.kind === 'issuer' && principal.issuer === 'user';
    if (isOwn && role !== undefined && grantOf(role, database)?.access === 'write') return role.credential;
  }
  return null;
}
