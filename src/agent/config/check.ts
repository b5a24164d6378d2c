// What a configuration must be beyond its shape: an env that the gateway would take. Judged by the gateway's own
// parser, with an identity made up for it, so that there is one truth and it can be asked before there is a home.
import { EMPTY_VIEW } from '../../core/directory/view.js';
import { parseEnv } from '../../core/env/env.js';
import { createProblems, type Problem, type Problems } from '../../core/env/problems.js';
import { compilePolicy } from '../../core/policy/compile.js';
import { grantOf, isDatabaseName } from '../../core/policy/policy.js';
import { createIdentityFiles, parseIdentity } from '../home/identity.js';
import { createGatewayEnv, type Credentials } from './gateway-env.js';
import type { Policy, Settings } from './types.js';

const EMBEDDED_URL = 'http://127.0.0.1:5984/';
/** The real ones are made, and not configured. */
const PLACEHOLDER_TOKENS = { replicator: '-'.repeat(16), local: '-'.repeat(16) };

/** Every problem; the env's keys are the configuration's, so that a path means the same in both. */
export function checkSettings(settings: Settings): readonly Problem[] {
  const problems = createProblems();
  checkTrust(settings, problems);
  checkDirectory(settings, problems);
  const parsed = parseEnv(
    createGatewayEnv({
      identity: parseIdentity(createIdentityFiles(new Date()), 'memory'),
      settings,
      couchUrl: settings.couchdb?.url ?? EMBEDDED_URL,
      credentials: placeholders(settings.policy),
      streams: { port: 1, tokens: PLACEHOLDER_TOKENS },
      databases: null,
      view: EMPTY_VIEW,
      denied: new Set(),
    }),
  );
  return 'env' in parsed ? problems.list : [...problems.list, ...parsed.problems];
}

function placeholders({ roles }: Policy): Credentials {
  const names = Object.values(roles).flatMap(({ credentials }) => credentials ?? []);
  return Object.fromEntries(names.map((name) => [name, { none: {} }]));
}

function checkTrust({ trust }: Settings, problems: Problems): void {
  if (Object.hasOwn(trust.cas, 'user')) {
    problems.add(['trust', 'cas', 'user'], 'stands for the CA in the home, and cannot be another');
  }
}

/** The directory is for own devices: a role that someone else has may not name it. */
function checkDirectory({ directory, policy }: Settings, problems: Problems): void {
  if (!isDatabaseName(directory)) problems.add(['directory'], 'must be the name of a database');
  const { roles } = compilePolicy(policy, { cas: null, certs: null, credentials: null }, createProblems());
  for (const { role: name, ...principal } of policy.principals) {
    const role = roles.get(name);
    const isOwn = 'issuer' in principal && principal.issuer === 'user';
    if (role === undefined || isOwn || grantOf(role, directory) === null) continue;
    problems.add(
      ['policy', 'roles', name, 'databases'],
      'may not name the directory: others than own devices have this role',
    );
  }
}
