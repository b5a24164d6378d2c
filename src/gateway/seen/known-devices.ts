// Whom the env knows by id, and whether it would let in anyone else.
import type { Env, Service } from '../../core/env/env.js';
import type { DeviceId, UserId } from '../../core/ids.js';
import { deniedDevices } from '../../core/leaf/revoked-device.js';

/**
 * Devices that the env names: those to look for, in the policy, and the holders of whitelisted certificates; and those
 * that are denied, which would be dialled as unknown ones otherwise.
 */
export function knownDevices({ service, discovery }: Env): Set<DeviceId> {
  const known = new Set<DeviceId>(discovery.known);
  for (const entry of service?.policy.principals ?? []) {
    if (entry.kind === 'issuer' && entry.device !== null) known.add(entry.device);
  }
  if (service === null) return known;
  for (const { deviceId } of service.whitelisted.values()) known.add(deviceId);
  for (const device of deniedDevices(service.trust)) known.add(device);
  known.delete(service.identity.deviceId);
  return known;
}

/** The users whose devices are let in without being named: only where there are any is an unknown name worth a look. */
export function usersLetIn(service: Service | null): Set<UserId> {
  const users = new Set<UserId>();
  for (const entry of service?.policy.principals ?? []) {
    const isWhole = entry.kind === 'issuer' && entry.device === null;
    const ca = isWhole ? service?.trust.cas.find(({ name }) => name === entry.issuer) : undefined;
    if (ca !== undefined) users.add(ca.userId);
  }
  return users;
}
