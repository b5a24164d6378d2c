// Follows the links: tells which addresses to listen on, and which are gone. It polls, since Node has no netlink and
// a look at /proc costs microseconds; a cable is noticed within one interval.
import type { Listen } from '../../core/env/env.js';
import { readAddresses, type LinkAddress } from './addresses.js';

export interface AddressWatch {
  /** Looks again now. */
  look(): void;
  close(): void;
}

export const WATCH_INTERVAL_MS = 500;

/** Calls `onChange` with the addresses that can be bound, at once and whenever they changed. */
export function watchAddresses(
  on: Listen['on'],
  onChange: (addresses: readonly LinkAddress[]) => void,
): AddressWatch {
  let last = '';
  const look = (): void => {
    const ready = readAddresses(on).filter(({ isTentative }) => !isTentative);
    const seen = JSON.stringify(ready);
    if (seen === last) return;
    last = seen;
    onChange(ready);
  };
  look();
  const timer = setInterval(look, WATCH_INTERVAL_MS);
  timer.unref();
  return { look, close: () => clearInterval(timer) };
}
