// Whether a device is revoked as far as its id alone tells: for what is decided before it has shown a leaf, such as
// whether to dial it at all. Lets no one in: whoever is dialled is judged by the leaf all the same.
import type { DeviceId } from '../ids.js';
import type { Policy, PrincipalEntry } from '../policy/policy.js';
import type { Certificate } from './certificate.js';
import type { Trust } from './trust.js';

/** The CA of this user, in `trust.cas`. */
const OWN_CA = 'user';

export interface Believed {
  readonly trust: Trust;
  readonly policy: Policy;
  readonly whitelisted: ReadonlyMap<string, Certificate>;
}

/** Every device that somebody denies, rightly or not. */
export const deniedDevices = ({ revokedDevices, revokedByCa }: Trust): Set<DeviceId> =>
  new Set([revokedDevices, ...revokedByCa.values()].flatMap((devices) => [...devices]));

/**
 * True where this device denies it, where this user's own CA has revoked it, or where each way by which the policy
 * could let it in is by a CA that has. Another user's CA so denies its own devices, and none of this user's.
 */
export function isRevokedDevice(device: DeviceId, believed: Believed): boolean {
  const { cas, revokedDevices, revokedByCa } = believed.trust;
  if (revokedDevices.has(device)) return true;
  const revokers = cas
    .filter(({ userId }) => revokedByCa.get(userId)?.has(device) === true)
    .map(({ name }) => name);
  if (revokers.includes(OWN_CA)) return true;
  const isRevokedWay = (entry: PrincipalEntry): boolean =>
    entry.kind === 'issuer' && revokers.includes(entry.issuer);
  return revokers.length > 0 && waysOf(device, believed).every(isRevokedWay);
}

/** The entries that name it; where none does, those that it may be one of. */
function waysOf(device: DeviceId, { policy, whitelisted }: Believed): readonly PrincipalEntry[] {
  const named = policy.principals.filter((entry) =>
    entry.kind === 'issuer' ? entry.device === device : whitelisted.get(entry.cert)?.deviceId === device,
  );
  if (named.length > 0) return named;
  return policy.principals.filter((entry) => entry.kind === 'issuer' && entry.device === null);
}
