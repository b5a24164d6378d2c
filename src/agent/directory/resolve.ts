// Which device or user a person means: by a name, by an id, or by the beginning of one.
import type { DirectoryRecord, ShareStatement } from '../../core/directory/record.js';
import { parseDeviceId, type DeviceId } from '../../core/ids.js';
import { Failure } from '../cli/failure.js';

const MIN_CHARACTERS = 4;

/** The device; fails where none or several are meant. A whole id need not be known. */
export const resolveDevice = ({ devices }: DirectoryRecord, meant: string): DeviceId =>
  resolveAmong(
    [...devices.values()].map(({ payload }) => payload),
    meant,
  );

/** The same, of a list of devices. */
export function resolveAmong<Id extends string>(
  devices: readonly { readonly deviceId: Id; readonly name: string }[],
  meant: string,
): Id | DeviceId {
  const ids = devices.map(({ deviceId }) => deviceId);
  const names = devices.filter(({ name }) => name === meant);
  const found = new Set([...names.map(({ deviceId }) => deviceId), ...byStart(ids, meant)]);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const whole = parseDeviceId(meant.toUpperCase());
  if (whole !== null) return whole;
  throw unclear('device', meant, found.size);
}

/** The share with the user whose id begins so; fails where none or several are meant. */
export function resolveShare({ shares }: DirectoryRecord, meant: string): ShareStatement {
  const inForce = [...shares.values()].filter(({ payload }) => payload.databases.length > 0);
  return resolveUser(inForce, ({ payload }) => payload.peerUserId, meant);
}

/** The same, of a list of whatever has a user's id. */
export function resolveUser<Item>(items: readonly Item[], idOf: (item: Item) => string, meant: string): Item {
  const found = items.filter((item) => byStart([idOf(item)], meant).length > 0);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  throw unclear('user', meant, found.length);
}

/** Those that begin with what was typed. */
const byStart = <Id extends string>(ids: readonly Id[], meant: string): Id[] =>
  meant.length < MIN_CHARACTERS ? [] : ids.filter((id) => id.startsWith(meant.toUpperCase()));

const unclear = (what: string, meant: string, count: number): Failure =>
  count === 0
    ? new Failure('data', `no-such-${what}`, `no ${what} is known as ${JSON.stringify(meant)}`, {
        hint: 'See `patchcord devices`.',
      })
    : new Failure('data', `ambiguous-${what}`, `${JSON.stringify(meant)} can mean ${count} ${what}s`, {
        hint: 'Say more characters of the id: `patchcord devices` tells it.',
      });
