// Which device or user a person means: by a name, by an id, or by the beginning of one.
import type { DirectoryRecord } from '../../core/directory/record.js';
import { parseDeviceId, type DeviceId } from '../../core/ids.js';
import { Failure } from '../cli/failure.js';

const MIN_CHARACTERS = 4;

/** The device; fails where none or several are meant. A whole id need not be known. */
export function resolveDevice({ devices }: DirectoryRecord, meant: string): DeviceId {
  const names = [...devices.values()].filter(({ payload }) => payload.name === meant);
  const found = new Set([
    ...names.map(({ payload }) => payload.deviceId),
    ...byStart([...devices.keys()], meant),
  ]);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const whole = parseDeviceId(meant.toUpperCase());
  if (whole !== null) return whole;
  throw unclear('device', meant, found.size);
}

/** Those that begin with what was typed. */
export const byStart = <Id extends string>(ids: readonly Id[], meant: string): Id[] =>
  meant.length < MIN_CHARACTERS ? [] : ids.filter((id) => id.startsWith(meant.toUpperCase()));

export const unclear = (what: string, meant: string, count: number): Failure =>
  count === 0
    ? new Failure('data', `no-such-${what}`, `no ${what} is known as ${JSON.stringify(meant)}`, {
        hint: 'See `patchcord devices`.',
      })
    : new Failure('data', `ambiguous-${what}`, `${JSON.stringify(meant)} can mean ${count} ${what}s`, {
        hint: 'Say more characters of the id: `patchcord devices` tells it.',
      });
