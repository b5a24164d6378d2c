// A CouchDB user for each share, where this program is the database's own administrator: the embedded server. In a
// CouchDB that a person named, `provision` makes them, after asking.
import type { Credentials } from '../config/gateway-env.js';
import type { Policy } from '../config/settings.js';
import type { DeviceId } from '../../core/ids.js';
import { applyPlan } from '../provision/apply.js';
import { readPlan } from '../provision/plan.js';
import { targetsOf } from '../provision/targets.js';
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
    firstDatabases: [],
  };
  const made: Credentials = {};
  await applyPlan(plan, await readPlan(plan), (one) => void Object.assign(made, one));
  return { ...credentials, ...made };
}
