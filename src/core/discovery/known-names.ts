// Which device has which name today: the names of every device that is known here, a day off included.
import type { DeviceId } from '../ids.js';
import { instanceNamesAround, type InstanceName } from './instance-name.js';

export interface KnownNames {
  /** Null for a name that no known device has today, or a day off. */
  deviceOf(instance: InstanceName): DeviceId | null;
  /** Replaces the devices that the env names; those that were learned stay. */
  replace(devices: Iterable<DeviceId>): void;
  /** False where it was known. */
  learn(deviceId: DeviceId): boolean;
  /** Makes the names of the day of `now`; false where it is still the day that they are of. */
  turnTo(now: Date): boolean;
}

/** Devices that were learned from connections; the one that was learned first is forgotten first. */
export const MAX_LEARNED = 1024;

export function createKnownNames(firstDay: Date): KnownNames {
  let today = firstDay;
  let named = new Set<DeviceId>();
  const learned = new Set<DeviceId>();
  const names = new Map<InstanceName, DeviceId>();

  function rebuild(): void {
    names.clear();
    for (const device of [...named, ...learned]) addNames(device);
  }
  function addNames(device: DeviceId): void {
    for (const name of instanceNamesAround(device, today)) names.set(name, device);
  }

  return {
    deviceOf: (instance) => names.get(instance) ?? null,
    replace(devices) {
      named = new Set(devices);
      rebuild();
    },
    learn(device) {
      if (named.has(device) || learned.has(device)) return false;
      learned.add(device);
      addNames(device);
      const [first] = learned;
      if (learned.size > MAX_LEARNED && first !== undefined) {
        learned.delete(first);
        for (const name of instanceNamesAround(first, today)) names.delete(name);
      }
      return true;
    },
    turnTo(now) {
      if (isSameDay(now, today)) return false;
      today = now;
      rebuild();
      return true;
    },
  };
}

const DAY_MS = 24 * 3600 * 1000;
const isSameDay = (one: Date, other: Date): boolean =>
  Math.floor(one.getTime() / DAY_MS) === Math.floor(other.getTime() / DAY_MS);
