// What devices are called: by the directory of this user, which has no names for devices of others. A name stands beside
// an id, and never in its place: two devices may have the same one.
import { parseDeviceId } from '../../core/ids.js';
import { cleanText } from '../gateway-events.js';
import type { Membership } from './membership.js';

/** Null for a device that the directory does not name. */
export type NameOf = (deviceId: string) => string | null;

export type Named<Item> = Item & { readonly name: string | null };

export function createNameOf({ directory }: Pick<Membership, 'directory'>): NameOf {
  return (deviceId) => {
    const id = parseDeviceId(deviceId);
    return id === null ? null : (directory().local().record.devices.get(id)?.payload.name ?? null);
  };
}

/** Each with the name of its device; null also where it is of none. */
export const withNames = <Item extends { readonly deviceId: string | null }>(
  items: readonly Item[],
  nameOf: NameOf,
): Named<Item>[] =>
  items.map((item) => ({ ...item, name: item.deviceId === null ? null : nameOf(item.deviceId) }));

const ID_CHARACTERS = 8;
/** What a share’s role and credential are called (core/directory/view.ts). */
const SHARE = /^share-([3-9A-Y]{8})[3-9A-Y]{40}$/;

/** As in `"Ada’s phone" 3AXYUW7K`: the quotes are the name's own end, whatever is in it. */
export function formatDevice(deviceId: string, name: string | null): string {
  const id = deviceId.slice(0, ID_CHARACTERS);
  return name === null ? id : `${JSON.stringify(cleanText(name))} ${id}`;
}

/** The user, shortened, whose share a role is of; null for another role. */
export const sharedUserOf = (role: string): string | null => SHARE.exec(role)?.[1] ?? null;

/** A role or a credential, as people read it. */
export const formatRole = (name: string): string => name.replace(SHARE, 'share with user $1');
