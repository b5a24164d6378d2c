// Whether a device is revoked, by whoever may: this device itself, its user's CA, or the CA that signed its leaf. The
// gateway looks as well; the agent does not rely on it.
import { createPublicKey } from 'node:crypto';
import { isRevokedBy } from '../../core/directory/record.js';
import { userIdOf, type UserId } from '../../core/ids.js';
import type { KnownLeaf } from '../../core/leaf/judge.js';
import type { Settings } from '../config/settings.js';
import type { Membership } from './membership.js';

/** Another user's CA denies devices that it signed itself, and none of this user's. */
export function isRevokedLeaf(
  { device, issuer }: KnownLeaf,
  trust: Settings['trust'],
  membership: Pick<Membership, 'identity' | 'directory' | 'view'>,
): boolean {
  const { record, denied } = membership.directory().local();
  if (denied.has(device) || trust.revoked.includes(`device:${device}`)) return true;
  const { userId } = membership.identity();
  const cas = new Map(Object.entries({ ...membership.view().cas, ...trust.cas }));
  const pem = issuer === null ? undefined : cas.get(issuer);
  const signer = pem === undefined ? null : userOf(pem);
  return isRevokedBy(record, userId, device) || (signer !== null && isRevokedBy(record, signer, device));
}

const userOf = (caPem: string): UserId =>
  userIdOf(createPublicKey(caPem).export({ type: 'spki', format: 'der' }));
