// What can be asked about devices and done with them, as types.
import type { SharePayload } from '../../core/statements.js';
import type { Wish } from '../../core/requests.js';
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

/** What a device without the user CA key asks for. */
export interface OpenRequest {
  readonly id: string;
  /** The device that asks, and what it is called. */
  readonly from: string;
  readonly name: string;
  readonly isOwn: boolean;
  readonly time: string;
  readonly wish: Wish;
}

export interface DevicesAnswer {
  readonly userId: string;
  /** Whether the user CA key is here, and under a passphrase. */
  readonly caKey: CaKeyKind;
  readonly devices: readonly KnownDevice[];
  readonly shares: readonly { readonly userId: string; readonly databases: SharePayload['databases'] }[];
  /** Waiting for a device with the user CA key; known while `up` runs. */
  readonly requests: readonly OpenRequest[];
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

/** `settled`: this, or something newer of the same thing, was signed. `gone`: it was taken away. */
export type RequestState = 'open' | 'settled' | 'gone';

/** The id of the request where the CA key is on another device; null where it was signed here. */
interface Waits {
  readonly request: string | null;
}

/** Method by method: what it is asked with, and what it answers. */
export interface DirectoryMethods {
  readonly devices: [params: object, answer: DevicesAnswer];
  readonly rename: [
    params: { device: string; name: string; passphrase: string | null },
    answer: { deviceId: string; name: string } & Waits,
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
    answer: { readonly userId: string } & Waits,
  ];
  /** Signs what another device asks for. */
  readonly allow: [params: { request: string; passphrase: string | null }, answer: OpenRequest];
  /** Takes a request away, whoever made it. */
  readonly withdraw: [params: { request: string }, answer: object];
  readonly request: [params: { request: string }, answer: { readonly state: RequestState }];
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
