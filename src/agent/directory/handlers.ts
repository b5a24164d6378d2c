// What can be asked about devices and done with them, by a running `up` or by a command that has the home for itself.
import { isRevokedBy, type DeviceStatement, type DirectoryRecord } from '../../core/directory/record.js';
import { datesOf, daysLeft } from '../../core/directory/renewal.js';
import type { DeviceId } from '../../core/ids.js';
import { isDeviceName, type SharePayload } from '../../core/statements.js';
import { Failure } from '../cli/failure.js';
import { caKeyKind, openUserCa, type CaKeyKind } from '../home/ca-key.js';
import type { Paths } from '../home/paths.js';
import { adoptRenewed } from './care.js';
import type { LocalRecord } from './record-file.js';
import type { Membership } from './membership.js';
import { becomeNewUser } from './new-user.js';
import { resolveDevice, resolveShare } from './resolve.js';
import { renewDue, signDevice, signRevocation, signShare, type SignContext } from './sign.js';

export interface KnownDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly isThis: boolean;
  readonly notAfter: string;
  readonly daysLeft: number;
  /** By the user's CA, for everyone; or denied by this device alone. */
  readonly revoked: 'no' | 'everywhere' | 'here';
  /** Whether it has the user CA key, as far as this device knows. */
  readonly holdsCaKey: boolean;
}

export interface DevicesAnswer {
  readonly userId: string;
  /** Whether the user CA key is here, and under a passphrase. */
  readonly caKey: CaKeyKind;
  readonly devices: readonly KnownDevice[];
  readonly shares: readonly { readonly userId: string; readonly databases: SharePayload['databases'] }[];
}

export interface RevokeAnswer {
  readonly deviceId: string;
  /** `here`: only this device denies it, for it has no CA key. */
  readonly scope: 'everywhere' | 'here';
  /** The new user, where the revoked device had the CA key. */
  readonly newUserId: string | null;
  /** Devices that have to join the new user, and users to share with anew. */
  readonly toJoin: readonly string[];
  readonly toShare: readonly string[];
}

/** Method by method: what it is asked with, and what it answers. */
export interface DirectoryMethods {
  readonly devices: [params: object, answer: DevicesAnswer];
  readonly rename: [
    params: { device: string; name: string; passphrase: string | null },
    answer: { deviceId: string; name: string },
  ];
  readonly revoke: [
    params: { device: string; heldCaKey: boolean; passphrase: string | null },
    answer: RevokeAnswer,
  ];
  /** Ends a share. */
  readonly unshare: [
    params: { user: string; passphrase: string | null },
    answer: { readonly userId: string },
  ];
  readonly renew: [
    params: { passphrase: string | null },
    answer: { readonly renewed: readonly { deviceId: string; name: string; notAfter: string }[] },
  ];
}

export type DirectoryHandlers = {
  readonly [Method in keyof DirectoryMethods]: (
    params: DirectoryMethods[Method][0],
  ) => Promise<DirectoryMethods[Method][1]>;
};

export interface DirectoryHandlerOptions {
  readonly paths: Paths;
  readonly membership: Membership;
  readonly now: () => Date;
}

export function createDirectoryHandlers(options: DirectoryHandlerOptions): DirectoryHandlers {
  const { paths, membership, now } = options;
  const record = (): DirectoryRecord => membership.directory().local().record;
  const signing = async (passphrase: string | null): Promise<SignContext> => ({
    directory: membership.directory(),
    ca: await openUserCa(paths, membership.identity(), passphrase),
    now: now(),
  });

  async function revokeHere(device: DeviceId): Promise<RevokeAnswer> {
    await membership.directory().deny(device);
    return { deviceId: device, scope: 'here', newUserId: null, toJoin: [], toShare: [] };
  }

  /** Asked again for one that is revoked already, it goes on with what is left to do. */
  async function revokeEverywhere(context: SignContext, device: DeviceId): Promise<void> {
    if (!isRevokedBy(record(), context.ca.userId, device)) await signRevocation(context, device);
  }

  return {
    devices: async () =>
      describeDevices(membership, await caKeyKind(paths), membership.directory().local(), now()),

    async rename({ device, name, passphrase }) {
      if (!isDeviceName(name))
        throw new Failure('data', 'name', 'a name has 1 to 64 characters, none of them control characters');
      const known = requireKnown(record(), resolveDevice(record(), device));
      const { deviceId, leaf } = known.payload;
      await signDevice(await signing(passphrase), { deviceId, name, leaf });
      return { deviceId, name };
    },

    async revoke({ device: meant, heldCaKey, passphrase }) {
      const device = resolveDevice(record(), meant);
      const { deviceId } = membership.identity();
      if (device === deviceId)
        throw new Failure('usage', 'this-device', 'that is this device', {
          hint: 'Revoke it from another one.',
        });
      if ((await caKeyKind(paths)) === 'none') return revokeHere(device);
      const context = await signing(passphrase);
      const { keyHolders } = membership.directory().local();
      const before = record();
      await revokeEverywhere(context, device);
      if (!heldCaKey && !keyHolders.has(device))
        return { deviceId: device, scope: 'everywhere', newUserId: null, toJoin: [], toShare: [] };
      const name = before.devices.get(deviceId)?.payload.name ?? deviceId;
      const kept = (await caKeyKind(paths)) === 'encrypted' ? passphrase : null;
      const newUserId = await becomeNewUser({
        paths,
        membership,
        name,
        revoked: [device],
        passphrase: kept,
        now: now(),
      });
      return {
        deviceId: device,
        scope: 'everywhere',
        newUserId,
        ...leftBehind(before, deviceId, context, device),
      };
    },

    async unshare({ user, passphrase }) {
      const { peerUserId, ca } = resolveShare(record(), user).payload;
      await signShare(await signing(passphrase), { peerUserId, ca, databases: [] });
      return { userId: peerUserId };
    },

    async renew({ passphrase }) {
      const renewed = await renewDue(await signing(passphrase));
      await adoptRenewed(membership, now());
      return {
        renewed: renewed.map(({ deviceId, name, leaf }) => ({
          deviceId,
          name,
          notAfter: datesOf(leaf).notAfter.toISOString(),
        })),
      };
    },
  };
}

function requireKnown({ devices }: DirectoryRecord, device: DeviceId): DeviceStatement {
  const known = devices.get(device);
  if (known !== undefined) return known;
  throw new Failure('data', 'no-such-device', 'nothing is known of that device', {
    hint: 'See `patchcord devices`.',
  });
}

/** Who has to come along to the new user. */
function leftBehind(record: DirectoryRecord, self: DeviceId, { ca }: SignContext, revoked: DeviceId) {
  const devices = [...record.devices.values()].filter(
    ({ payload: { deviceId } }) =>
      deviceId !== self && deviceId !== revoked && !isRevokedBy(record, ca.userId, deviceId),
  );
  const shares = [...record.shares.values()].filter(({ payload }) => payload.databases.length > 0);
  return {
    toJoin: devices.map(({ payload }) => payload.name),
    toShare: shares.map(({ payload }) => payload.peerUserId),
  };
}

function describeDevices(
  membership: Membership,
  caKey: CaKeyKind,
  { record, denied, keyHolders }: LocalRecord,
  now: Date,
): DevicesAnswer {
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
      holdsCaKey: deviceId === self ? caKey !== 'none' : keyHolders.has(deviceId),
    })),
    shares: [...record.shares.values()]
      .filter(({ payload }) => payload.databases.length > 0)
      .map(({ payload }) => ({ userId: payload.peerUserId, databases: payload.databases })),
  };
}
