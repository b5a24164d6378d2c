// The name under which a device is announced today. It changes daily, so that whoever only listens can not follow a
// device; whoever knows the device's id knows its names.
import { createHash } from 'node:crypto';
import { encodeDbase32 } from '../dbase32.js';
import type { DeviceId } from '../ids.js';

declare const brand: unique symbol;
/** 16 characters of D-Base32. */
export type InstanceName = string & { readonly [brand]: 'InstanceName' };

const LABEL = 'patchcord-instance';
/** 80 bits: 16 characters of 5 bits. */
const NAME_BYTES = 10;
const DAY_MS = 24 * 3600 * 1000;
const NAME = /^[3-9A-Y]{16}$/;
const DATE_CHARACTERS = 10;

/**
 * The name of `deviceId` on the UTC day of `day`: the first 16 D-Base32 characters of SHA-256 over the ASCII text
 * `patchcord-instance:{deviceId}:{YYYY-MM-DD}`. Every part has one length, so no two inputs have one text.
 */
export function instanceNameOf(deviceId: DeviceId, day: Date): InstanceName {
  const date = day.toISOString().slice(0, DATE_CHARACTERS);
  const digest = createHash('sha256').update(`${LABEL}:${deviceId}:${date}`).digest();
  return encodeDbase32(digest.subarray(0, NAME_BYTES)) as InstanceName;
}

/** The names of today, yesterday and tomorrow, in this order: a peer's clock may be a day off. */
export const instanceNamesAround = (deviceId: DeviceId, now: Date): InstanceName[] =>
  [0, -DAY_MS, DAY_MS].map((offset) => instanceNameOf(deviceId, new Date(now.getTime() + offset)));

/** The name in `text`, or null. DNS compares without case (RFC 6762 section 16); names are written in upper case. */
export function parseInstanceName(text: string): InstanceName | null {
  const upper = text.toUpperCase();
  return NAME.test(upper) ? (upper as InstanceName) : null;
}
