// Whom this device trusts: CAs, single certificates, and what is denied for good. Built only by the env parser.
import type { KeyObject } from 'node:crypto';
import type { DeviceId, Fingerprint, UserId } from '../ids.js';

export interface TrustedCa {
  /** The key in `trust.cas`; "user" is this user's own. */
  readonly name: string;
  readonly userId: UserId;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Trust {
  readonly cas: readonly TrustedCa[];
  /** Whitelisted certificates: fingerprint to the key in `trust.certs`. */
  readonly certs: ReadonlyMap<Fingerprint, string>;
  readonly revokedDevices: ReadonlySet<DeviceId>;
  readonly revokedFingerprints: ReadonlySet<Fingerprint>;
  /** Revocations that a CA of `cas` signed: they deny leaves of that CA, and no others. */
  readonly revokedByCa: ReadonlyMap<UserId, ReadonlySet<DeviceId>>;
}
