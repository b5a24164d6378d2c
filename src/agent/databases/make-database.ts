// Makes a database as the administrator, with the roles of the policy let into it from the first moment.
import { applyPlan } from '../provision/apply.js';
import type { Target } from '../provision/targets.js';
import type { Upstream } from '../upstream/upstream.js';

/** Does nothing where there is no administrator; one that is there already stays as it is. */
export async function makeDatabase(
  database: string,
  { url, admin }: Pick<Upstream, 'url' | 'admin'>,
  targets: readonly Target[],
): Promise<void> {
  if (admin === null) return;
  const plan = { url, admin: admin.client, targets, credentials: {}, ended: [], firstDatabases: [] };
  await applyPlan(plan, [{ step: 'create-database', database }], () => undefined);
}
