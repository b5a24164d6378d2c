// When a leaf is to be renewed, when people are warned, and which new leaf a device takes. Pure.
import { X509Certificate } from 'node:crypto';
import type { UserId } from '../ids.js';
import { readPem } from '../env/trust.js';
import { isRevokedBy, type DeviceStatement, type DirectoryRecord } from './record.js';

const DAY_MS = 24 * 3_600_000;
export const WARN_DAYS = 60;
/** A leaf is renewed when a third of its life is left. */
const RENEWAL_SHARE = 3;

export interface Dates {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Whole days until the end; negative after it. */
export const daysLeft = ({ notAfter }: Pick<Dates, 'notAfter'>, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);

export const isEnding = (dates: Pick<Dates, 'notAfter'>, now: Date): boolean =>
  daysLeft(dates, now) < WARN_DAYS;

const isDue = ({ notBefore, notAfter }: Dates, now: Date): boolean =>
  notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / RENEWAL_SHARE;

export function datesOf(pem: string): Dates {
  const { validFrom, validTo } = new X509Certificate(pem);
  return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}

/** The devices whose leaf the holder of the CA key should sign anew: never one that is revoked. */
export const dueForRenewal = (record: DirectoryRecord, userId: UserId, now: Date): DeviceStatement[] =>
  [...record.devices.values()].filter(
    ({ payload }) => !isRevokedBy(record, userId, payload.deviceId) && isDue(datesOf(payload.leaf), now),
  );

/** The leaf of `statement` if this device should use it from now on: of its own key and CA, good now, and for longer. */
export function renewedLeaf(
  statement: DeviceStatement | undefined,
  own: { readonly certPem: string; readonly caPem: string },
  now: Date,
): string | null {
  const pem = statement?.payload.leaf ?? own.certPem;
  const [next, before, ca] = [readPem(pem), readPem(own.certPem), readPem(own.caPem)];
  if (next === null || before === null || ca === null || next.deviceId !== before.deviceId) return null;
  if (!next.x509.verify(ca.x509.publicKey) || next.isCa) return null;
  const isGood = next.notBefore <= now && now < next.notAfter;
  return isGood && next.notAfter > before.notAfter ? pem : null;
}
