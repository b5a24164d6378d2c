// What can be asked about devices and done with them, by a running `up` or by a command that has the home for itself.
import { isRevokedBy, type DeviceStatement, type DirectoryRecord } from '../../core/directory/record.js';
import { datesOf } from '../../core/directory/renewal.js';
import type { DeviceId, UserId } from '../../core/ids.js';
import { isDeviceName } from '../../core/statements.js';
import { Failure } from '../cli/failure.js';
import { caKeyKind, openUserCa } from '../home/ca-key.js';
import type { Paths } from '../home/paths.js';
import { adoptRenewed } from './care.js';
import { describeDevices } from './describe-devices.js';
import { allowRequest } from './allow-request.js';
import type { Membership } from './membership.js';
import type { DirectoryHandlers, RevokeAnswer } from './methods.js';
import { becomeNewUser } from './new-user.js';
import { NO_REQUESTS, type Requests } from './requests.js';
import { resolveDevice, resolveShare } from './resolve.js';
import { renewDue, signDevice, signKeyHolder, signRevocation, signShare, type SignContext } from './sign.js';

export interface DirectoryHandlerOptions {
  readonly paths: Paths;
  readonly membership: Membership;
  /** Of a running `up`; without one nothing can be asked of other devices. */
  readonly requests?: Requests;
  readonly now: () => Date;
}

export function createDirectoryHandlers(options: DirectoryHandlerOptions): DirectoryHandlers {
  const { paths, membership, requests = NO_REQUESTS, now } = options;
  const record = (): DirectoryRecord => membership.directory().local().record;
  const signing = async (passphrase: string | null): Promise<SignContext> => {
    const ca = await openUserCa(paths, membership.identity(), passphrase);
    const context = { directory: membership.directory(), ca, now: now() };
    await signKeyHolder(context, membership.identity().deviceId);
    return context;
  };

  async function revokeHere(device: DeviceId): Promise<RevokeAnswer> {
    await membership.directory().deny(device);
    return { deviceId: device, scope: 'here', newUserId: null, toJoin: [], toShare: [] };
  }

  /** The new key has the passphrase of the old one, if it had any. */
  async function replaceUser(revoked: readonly DeviceId[], passphrase: string | null): Promise<UserId> {
    const { deviceId } = membership.identity();
    const name = record().devices.get(deviceId)?.payload.name ?? deviceId;
    const kept = (await caKeyKind(paths)) === 'encrypted' ? passphrase : null;
    return becomeNewUser({ paths, membership, name, revoked, passphrase: kept, now: now() });
  }

  /** Asked again for one that is revoked already, it goes on with what is left to do. */
  async function revokeEverywhere(context: SignContext, device: DeviceId): Promise<void> {
    if (!isRevokedBy(record(), context.ca.userId, device)) await signRevocation(context, device);
  }

  return {
    devices: async () => describeDevices(membership, await caKeyKind(paths), requests.open(), now()),

    async rename({ device, name, passphrase }) {
      if (!isDeviceName(name))
        throw new Failure('data', 'name', 'a name has 1 to 64 characters, none of them control characters');
      const known = requireKnown(record(), resolveDevice(record(), device));
      const { deviceId, leaf } = known.payload;
      if ((await caKeyKind(paths)) === 'none')
        return { deviceId, name, request: await requests.ask({ type: 'rename-request', deviceId, name }) };
      await signDevice(await signing(passphrase), { deviceId, name, leaf });
      return { deviceId, name, request: null };
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
      const before = record();
      await revokeEverywhere(context, device);
      if (!heldCaKey && !before.keyHolders.has(device))
        return { deviceId: device, scope: 'everywhere', newUserId: null, toJoin: [], toShare: [] };
      const newUserId = await replaceUser([device], passphrase);
      return {
        deviceId: device,
        scope: 'everywhere',
        newUserId,
        ...leftBehind(before, context.ca.userId, [deviceId, device]),
      };
    },

    async 'replace-ca'({ passphrase }) {
      if ((await caKeyKind(paths)) !== 'none') await signing(passphrase);
      const before = record();
      const { userId, deviceId } = membership.identity();
      const newUserId = await replaceUser([], passphrase);
      return { newUserId, ...leftBehind(before, userId, [deviceId]) };
    },

    async unshare({ user, passphrase }) {
      const { peerUserId, ca } = resolveShare(record(), user).payload;
      const ended = { peerUserId, ca, databases: [] };
      if ((await caKeyKind(paths)) === 'none')
        return { userId: peerUserId, request: await requests.ask({ type: 'share-request', ...ended }) };
      await signShare(await signing(passphrase), ended);
      return { userId: peerUserId, request: null };
    },

    async allow({ request, passphrase }) {
      const asked = requests.find(request);
      await allowRequest(await signing(passphrase), asked.wish);
      return asked;
    },

    async withdraw({ request }) {
      await requests.withdraw(request);
      return {};
    },

    request: ({ request }) => Promise.resolve({ state: requests.stateOf(request) }),

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
function leftBehind(record: DirectoryRecord, userId: UserId, without: readonly DeviceId[]) {
  const devices = [...record.devices.values()].filter(
    ({ payload: { deviceId } }) => !without.includes(deviceId) && !isRevokedBy(record, userId, deviceId),
  );
  const shares = [...record.shares.values()].filter(({ payload }) => payload.databases.length > 0);
  return {
    toJoin: devices.map(({ payload }) => payload.name),
    toShare: shares.map(({ payload }) => payload.peerUserId),
  };
}
