// Which role a device has by this device's own policy, when somebody else judged its leaf: the gateway says whose
// device it is, and never as what it counts.
import type { DeviceId } from '../ids.js';
import type { Policy, Role } from './policy.js';

/** The name of this user's own CA in `trust.cas`. */
export const OWN_ISSUER = 'user';

export interface JudgedDevice {
  readonly deviceId: DeviceId;
  /** The key in `trust.cas` of the CA that signed its leaf. */
  readonly issuer?: string;
  /** The key in `trust.certs`, for a whitelisted leaf. */
  readonly cert?: string;
}

/** The role of the first principal that matches; null lets it do nothing. */
export function roleOf(policy: Policy, { deviceId, issuer, cert }: JudgedDevice): Role | null {
  const entry = policy.principals.find((one) =>
    one.kind === 'cert'
      ? one.cert === cert
      : one.issuer === issuer && (one.device === null || one.device === deviceId),
  );
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
