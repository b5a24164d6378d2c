// What `status` says of the links and of who is seen there.
import { instanceNameOf } from '../../core/discovery/instance-name.js';
import type { Entry } from '../../core/discovery/entry.js';
import type { SeenTable } from '../../core/discovery/table.js';
import type { Env } from '../../core/env/env.js';
import type { DeviceId } from '../../core/ids.js';
import { isRevokedDevice } from '../../core/leaf/revoked-device.js';
import type { SeenLink } from './seen-link.js';

export interface SeenPeer {
  readonly deviceId: DeviceId | null;
  readonly instance: string;
  readonly address: string;
  readonly zone: string;
  readonly port: number;
  readonly standing: Entry['standing'] | 'revoked';
  readonly connected: boolean;
}

export interface SeenStatus {
  /** The name of the day; null where nothing is announced. */
  readonly instance: string | null;
  readonly links: readonly { readonly zone: string; readonly open: boolean }[];
  /** At most `MAX_PEERS`, known devices first. */
  readonly peers: readonly SeenPeer[];
  /** Hints for which there was no room, packets that were no DNS, and hints of others under this device's name. */
  readonly refused: number;
  readonly malformed: number;
  readonly conflicts: number;
}

export interface SeenSources {
  readonly env: Env;
  readonly now: Date;
  readonly links: readonly SeenLink[];
  readonly table: SeenTable;
  readonly counts: Pick<SeenStatus, 'refused' | 'malformed' | 'conflicts'>;
}

/** So that the answer stays well below a line's 1 MiB. */
export const MAX_PEERS = 256;

export function describeSeen({ env, now, links, table, counts }: SeenSources): SeenStatus {
  const { service, discovery } = env;
  const isRevoked = (deviceId: DeviceId | null): boolean =>
    deviceId !== null && service !== null && isRevokedDevice(deviceId, service);
  const peers = [...table.list()].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_PEERS);
  return {
    instance: service !== null && discovery.announce ? instanceNameOf(service.identity.deviceId, now) : null,
    links: links.map(({ zone, isOpen }) => ({ zone, open: isOpen() })),
    peers: peers.map(({ deviceId, instance, address, standing, isLive }) => ({
      deviceId,
      instance,
      ...address,
      standing: isRevoked(deviceId) ? 'revoked' : standing,
      connected: isLive && !isRevoked(deviceId),
    })),
    ...counts,
  };
}

const rank = ({ deviceId }: Readonly<Entry>): number => (deviceId === null ? 1 : 0);
