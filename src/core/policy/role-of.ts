// Which role a device has by this device's own policy, when the gateway has judged its leaf: what is believed is whose
// device it is, and never as what it counts.
import type { Policy, Role } from './policy.js';
import { entryFor, type KnownLeaf } from './principal-index.js';

/** The name of this user's own CA in `trust.cas`. */
export const OWN_ISSUER = 'user';

/** The role of the first principal that matches; null lets it do nothing. */
export function roleOf(policy: Policy, leaf: KnownLeaf): Role | null {
  const entry = entryFor(policy.principals, leaf);
  return entry === undefined ? null : (policy.roles.get(entry.role) ?? null);
}

/** The roles that this user's own devices have. */
export const ownRoles = ({ principals, roles }: Policy): Role[] =>
  principals
    .filter((entry) => entry.kind === 'issuer' && entry.issuer === OWN_ISSUER)
    .flatMap(({ role }) => roles.get(role) ?? []);

/** The roles that devices of others have. */
export const foreignRoles = ({ principals, roles }: Policy): Role[] =>
  principals
    .filter((entry) => entry.kind === 'cert' || entry.issuer !== OWN_ISSUER)
    .flatMap(({ role }) => roles.get(role) ?? []);
