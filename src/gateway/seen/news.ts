// Tells what changed in the table, at a pace that strangers can not set: the launcher by events, the dialling side by
// calls. What is told late is told right.
import type { GatewayEvent } from '../../core/control/protocol.js';
import type { AddressBook, UnknownName } from '../../core/discovery/addresses.js';
import type { Seen } from '../../core/discovery/entry.js';
import { createUnknownDials } from '../../core/discovery/rests.js';
import type { SeenTable } from '../../core/discovery/table.js';
import { createTold } from '../../core/discovery/told.js';
import type { DeviceId, UserId } from '../../core/ids.js';
import { createPace } from './pace.js';

export interface NewsOptions {
  readonly table: SeenTable;
  readonly steadyMs: () => number;
  /** The users of whom an unknown device could be one that is let in. */
  readonly usersLetIn: () => ReadonlySet<UserId>;
  readonly emit: (event: GatewayEvent) => void;
}

export interface News extends Pick<AddressBook, 'onUnknown' | 'onChange'> {
  /** The table may have changed: what is new in it is told soon. */
  changed(): void;
  close(): void;
}

/** At most so many events, and new names dialled, … */
const MAX_CHANGES = 8;
const MAX_DIALS = 4;
/** … in each interval of this. */
const INTERVAL_MS = 250;

export function createNews({ table, steadyMs, usersLetIn, emit }: NewsOptions): News {
  const told = createTold();
  let unknownDials = createUnknownDials();
  let dialledFor: ReadonlySet<UserId> = new Set();
  const dialers = new Set<(unknown: UnknownName) => void>();
  const watchers = new Set<(deviceId: DeviceId) => void>();
  const pace = createPace({ intervalMs: INTERVAL_MS, steadyMs, tell });

  function tell(): void {
    const { seen, lost, hasMore } = told.next(table.list(), MAX_CHANGES);
    for (const entry of lost) emit({ event: 'peer-lost', ...describe(entry) });
    for (const entry of seen) emit({ event: 'peer-seen', ...describe(entry) });
    const devices = new Set([...lost, ...seen].map(({ deviceId }) => deviceId));
    for (const device of devices) if (device !== null) for (const watcher of watchers) watcher(device);
    dialUnknown();
    if (hasMore) pace.changed();
  }

  function dialUnknown(): void {
    const users = usersLetIn();
    if (dialers.size === 0 || users.size === 0) return;
    // Whoever was a stranger when it was dialled may be a device of somebody who is let in since.
    if ([...users].some((user) => !dialledFor.has(user))) unknownDials = createUnknownDials();
    dialledFor = users;
    const now = steadyMs();
    let dials = 0;
    for (const { instance, address, deviceId } of table.list()) {
      if (dials === MAX_DIALS) {
        pace.changed();
        return;
      }
      if (deviceId !== null || !unknownDials.take(instance, address.zone, now)) continue;
      dials += 1;
      for (const dial of dialers) dial({ instance, address });
    }
  }

  return {
    changed: () => pace.changed(),
    onUnknown: (dial) => subscribe(dialers, dial),
    onChange: (watcher) => subscribe(watchers, watcher),
    close: () => pace.close(),
  };
}

const describe = ({ deviceId, instance, address }: Seen) => ({ deviceId, instance, ...address });

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
