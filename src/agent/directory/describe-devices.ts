// The devices and shares of a user as this device knows them.
import { isRevokedBy } from '../../core/directory/record.js';
import { datesOf, daysLeft } from '../../core/directory/renewal.js';
import type { DeviceId } from '../../core/ids.js';
import type { CaKeyKind } from '../home/ca-key.js';
import type { Membership } from './membership.js';
import type { DevicesAnswer, KnownDevice, OpenRequest } from './methods.js';

export function describeDevices(
  membership: Membership,
  caKey: CaKeyKind,
  requests: readonly OpenRequest[],
  now: Date,
): DevicesAnswer {
  const { record, denied } = membership.directory().local();
  const { userId, deviceId: self } = membership.identity();
  const revoked = (id: DeviceId): KnownDevice['revoked'] =>
    isRevokedBy(record, userId, id) ? 'everywhere' : denied.has(id) ? 'here' : 'no';
  return {
    userId,
    caKey,
    devices: [...record.devices.values()].map(({ payload: { deviceId, name, leaf } }) => ({
      deviceId,
      name,
      isThis: deviceId === self,
      notAfter: datesOf(leaf).notAfter.toISOString(),
      daysLeft: daysLeft(datesOf(leaf), now),
      revoked: revoked(deviceId),
      holdsCaKey: deviceId === self ? caKey !== 'none' : record.keyHolders.has(deviceId),
    })),
    shares: [...record.shares.values()]
      .filter(({ payload }) => payload.databases.length > 0)
      .map(({ payload }) => ({ userId: payload.peerUserId, databases: payload.databases })),
    requests,
  };
}
