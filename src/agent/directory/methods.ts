// What can be asked about devices and done with them, as types.
import type { SharePayload } from '../../core/statements.js';
import type { CaKeyKind } from '../home/ca-key.js';

export interface KnownDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly isThis: boolean;
  readonly notAfter: string;
  readonly daysLeft: number;
  /** By the user's CA, for everyone; or denied by this device alone. */
  readonly revoked: 'no' | 'everywhere' | 'here';
  /** Whether it has the user CA key, as far as this device knows. */
  readonly holdsCaKey: boolean;
}

export interface DevicesAnswer {
  readonly userId: string;
  /** Whether the user CA key is here, and under a passphrase. */
  readonly caKey: CaKeyKind;
  readonly devices: readonly KnownDevice[];
  readonly shares: readonly { readonly userId: string; readonly databases: SharePayload['databases'] }[];
}

export interface RevokeAnswer {
  readonly deviceId: string;
  /** `here`: only this device denies it, for it has no CA key. */
  readonly scope: 'everywhere' | 'here';
  /** The new user, where the revoked device had the CA key. */
  readonly newUserId: string | null;
  /** Devices that have to join the new user, and users to share with anew. */
  readonly toJoin: readonly string[];
  readonly toShare: readonly string[];
}

/** Method by method: what it is asked with, and what it answers. */
export interface DirectoryMethods {
  readonly devices: [params: object, answer: DevicesAnswer];
  readonly rename: [
    params: { device: string; name: string; passphrase: string | null },
    answer: { deviceId: string; name: string },
  ];
  readonly revoke: [
    params: { device: string; heldCaKey: boolean; passphrase: string | null },
    answer: RevokeAnswer,
  ];
  /** Makes a new user of this device; what the old CA signed is refused from then on. */
  readonly 'replace-ca': [
    params: { passphrase: string | null },
    answer: {
      readonly newUserId: string;
      readonly toJoin: readonly string[];
      readonly toShare: readonly string[];
    },
  ];
  /** Ends a share. */
  readonly unshare: [
    params: { user: string; passphrase: string | null },
    answer: { readonly userId: string },
  ];
  readonly renew: [
    params: { passphrase: string | null },
    answer: { readonly renewed: readonly { deviceId: string; name: string; notAfter: string }[] },
  ];
}

export type DirectoryHandlers = {
  readonly [Method in keyof DirectoryMethods]: (
    params: DirectoryMethods[Method][0],
  ) => Promise<DirectoryMethods[Method][1]>;
};
