// Where peers might be: the words that discovery and dialling share. An address is a hint; who answers there, only
// the leaf says.
import type { DeviceId } from '../ids.js';

/** A link-local address of a peer, its port, and the link to reach it by. Never a URL: those carry no zone. */
export interface PeerAddress {
  /** `fe80::…`, as RFC 5952 writes it, without the zone. */
  readonly address: string;
  /** This side's name of the link. */
  readonly zone: string;
  readonly port: number;
}

/**
 * What became of dialling an address: the leaf was the device's (`right-leaf`), or another's, or none that is let in
 * (`wrong-leaf`: the address rests for a minute); nobody answered (`unreachable`); its device ends every connection
 * before it answers (`turns-away`); a connection to it is in use (`connected`: no hint evicts the address), or the last
 * one ended (`closed`).
 */
export type AddressOutcome =
  'right-leaf' | 'wrong-leaf' | 'unreachable' | 'turns-away' | 'connected' | 'closed';

/** A name on a link that no known device has today: it may be dialled once, to read its leaf. */
export interface UnknownName {
  readonly instance: string;
  readonly address: PeerAddress;
}

/** What the dialling side asks, and tells. */
export interface AddressBook {
  /** The addresses that may be dialled now, the likeliest first; none that rest. Empty for who is not on a link. */
  addressesOf(deviceId: DeviceId): readonly PeerAddress[];
  /** About the device that was dialled there: a stranger may claim a name of one device at the address of another. */
  noteOutcome(deviceId: DeviceId, address: PeerAddress, outcome: AddressOutcome): void;
  /** A judged leaf showed this id: its names of the day are known from now on. */
  noteKnown(deviceId: DeviceId): void;
  /** Names to dial once, to read the leaf; each comes at most once in ten minutes. The answer ends the listening. */
  onUnknown(dial: (unknown: UnknownName) => void): () => void;
  /** The addresses of a device changed: worth another look. The answer ends the listening. */
  onChange(changed: (deviceId: DeviceId) => void): () => void;
}
