// What is told about the directory while `up` runs, and in which words.
import { cleanText } from '../gateway-events.js';
import type { Style } from '../cli/style.js';
import { formatDevice, type NameOf } from './names.js';
import type { OpenRequest } from './methods.js';
import { formatRequest } from './requests-text.js';
import { isAbout, type Statement } from '../../core/statements.js';

export type DirectoryEvent =
  | { readonly event: 'device-known'; readonly deviceId: string; readonly name: string }
  | { readonly event: 'device-revoked'; readonly deviceId: string; readonly by: string }
  | { readonly event: 'key-holder-known'; readonly deviceId: string }
  /** A device without the user CA key asks for something. */
  | ({ readonly event: 'request-known' } & OpenRequest)
  | { readonly event: 'share-known'; readonly userId: string; readonly databases: readonly string[] }
  /** Stored, and the gateway did not take it. */
  | { readonly event: 'not-in-force'; readonly reason: string }
  | { readonly event: 'leaf-renewed'; readonly deviceId: string; readonly notAfter: string }
  | {
      readonly event: 'leaf-ending';
      readonly deviceId: string;
      readonly name: string;
      readonly days: number;
    }
  | { readonly event: 'ca-key-locked' };

const ID_CHARACTERS = 8;
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

/** A statement that counts from now on. */
export function eventOf(statement: Statement): DirectoryEvent {
  if (isAbout(statement, 'device')) {
    const { deviceId, name } = statement.payload;
    return { event: 'device-known', deviceId, name };
  }
  if (isAbout(statement, 'share')) {
    const { peerUserId, databases } = statement.payload;
    return { event: 'share-known', userId: peerUserId, databases: databases.map(({ name }) => name) };
  }
  const { payload, by } = statement;
  if (payload.type === 'key-holder') return { event: 'key-holder-known', deviceId: payload.deviceId };
  return { event: 'device-revoked', deviceId: payload.type === 'revocation' ? payload.deviceId : '', by };
}

export function formatDirectoryEvent(event: DirectoryEvent, style: Style, nameOf: NameOf): string {
  const known = (deviceId: string): string => formatDevice(deviceId, nameOf(deviceId));
  switch (event.event) {
    case 'device-known':
      return `a device of this user: ${formatDevice(event.deviceId, event.name)}`;
    case 'device-revoked':
      return style.warn(`revoked: ${known(event.deviceId)}, by user ${short(event.by)}`);
    case 'key-holder-known':
      return `has the user CA key: ${known(event.deviceId)}`;
    case 'request-known':
      return style.warn(formatRequest(event));
    case 'share-known':
      return event.databases.length === 0
        ? `shares nothing with user ${short(event.userId)} any more`
        : `shares ${event.databases.join(', ')} with user ${short(event.userId)}`;
    case 'not-in-force':
      return style.warn(`the gateway did not take what was learned: ${cleanText(event.reason)}`);
    case 'leaf-renewed':
      return `the certificate of ${known(event.deviceId)} was renewed, until ${event.notAfter.slice(0, 10)}`;
    case 'leaf-ending':
      return style.warn(
        event.days < 0
          ? `the certificate of ${formatDevice(event.deviceId, event.name)} has ended`
          : `the certificate of ${formatDevice(event.deviceId, event.name)} ends in ${event.days} days`,
      );
    case 'ca-key-locked':
      return style.warn('certificates are due, and the user CA key has a passphrase: run `patchcord renew`');
  }
}
