// One address under one name: what the table of what was seen is made of.
import type { DeviceId } from '../ids.js';
import type { PeerAddress } from './addresses.js';
import type { InstanceName } from './instance-name.js';

export interface Seen {
  readonly instance: InstanceName;
  /** Null for a name that no known device has. */
  readonly deviceId: DeviceId | null;
  readonly address: PeerAddress;
}

/** What dialling found: `wrong` is a leaf of someone else, `proven` the device's own, `turns-away` that it lets in no more. */
export type Standing = 'new' | 'proven' | 'unreachable' | 'turns-away' | 'wrong';

export interface Entry extends Seen {
  deviceId: DeviceId | null;
  /** When it was heard of first, and last; ms of a steady clock, like all times here. */
  readonly since: number;
  heardAt: number;
  expiresAt: number;
  /** How often it was asked for again since it was heard. */
  renewals: number;
  standing: Standing;
  /** A connection to it is in use. */
  isLive: boolean;
}

export const addressKey = ({ zone, address, port }: PeerAddress): string => `${zone} ${address} ${port}`;
export const entryKey = ({ instance, address }: Seen): string => `${instance} ${addressKey(address)}`;
