// A CouchDB user for each share, for as long as the share lasts. It is made here where this program is the database's own
// administrator: the embedded server. In a CouchDB that a person named, `provision` makes it, after asking.
import type { Credentials } from '../config/gateway-env.js';
import type { Policy } from '../config/settings.js';
import type { DeviceId } from '../../core/ids.js';
import type { DirectoryView } from '../../core/directory/view.js';
import { applyPlan } from '../provision/apply.js';
import { planRemovals, readPlan } from '../provision/plan.js';
import { targetsOf, usernameOf } from '../provision/targets.js';
import type { Upstream } from '../upstream/upstream.js';

export interface ShareCredentialsOptions {
  readonly upstream: Pick<Upstream, 'kind' | 'url' | 'admin'>;
  readonly policy: Policy;
  readonly credentials: Credentials;
  readonly deviceId: DeviceId;
}

/** The credentials with those that the policy needs and that were missing. */
export async function addShareCredentials(options: ShareCredentialsOptions): Promise<Credentials> {
  const { upstream, policy, credentials, deviceId } = options;
  const missing = targetsOf(policy, credentials, deviceId).filter(
    ({ credential }) => !Object.hasOwn(credentials, credential),
  );
  if (upstream.kind !== 'embedded' || upstream.admin === null || missing.length === 0) return credentials;
  const plan = {
    url: upstream.url,
    admin: upstream.admin.client,
    targets: missing,
    credentials,
    ended: [],
    firstDatabases: [],
  };
  const made: Credentials = {};
  await applyPlan(plan, await readPlan(plan), (one) => void Object.assign(made, one));
  return { ...credentials, ...made };
}

export interface EndedSharesOptions {
  readonly upstream: Pick<Upstream, 'url' | 'admin'>;
  readonly ended: DirectoryView['ended'];
  readonly deviceId: DeviceId;
}

/** Takes away the users of shares that have ended, wherever an administrator is known; else `provision` does. */
export async function removeEndedUsers({ upstream, ended, deviceId }: EndedSharesOptions): Promise<void> {
  if (upstream.admin === null || ended.length === 0) return;
  const users = ended.map((credential) => ({ credential, username: usernameOf(credential, deviceId) }));
  const { url } = upstream;
  const admin = upstream.admin.client;
  const plan = { url, admin, targets: [], ended: users, credentials: {}, firstDatabases: [] };
  await applyPlan(plan, await planRemovals(plan), () => undefined);
}
