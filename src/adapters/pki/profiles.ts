// The certificate profiles as they stand in certs/profiles.json, typed.
import { readFileSync } from 'node:fs';
import type { KeyUsage, Purpose } from './extensions.js';

interface Profile {
  readonly days: number;
  /** Clocks on a cable drift, and a certificate that is not valid yet is refused: it begins in the past. */
  readonly backdateHours: number;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage: readonly KeyUsage[];
}

interface Profiles {
  readonly ca: Profile;
  /** In its names `<device id>` stands for the id. */
  readonly leaf: Profile & {
    readonly extendedKeyUsage: readonly Purpose[];
    readonly dnsName: string;
    readonly uri: string;
  };
  /** For one run of pairing: it signs itself, and names nobody. */
  readonly throwAway: Profile & {
    readonly commonName: string;
    readonly extendedKeyUsage: readonly Purpose[];
  };
}

/** The file is part of this package, so its shape is taken as given. */
export const PROFILES = JSON.parse(
  readFileSync(new URL('../../../certs/profiles.json', import.meta.url), 'utf8'),
) as Profiles;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** From when to when a certificate of this profile, made at `now`, is valid. */
export function validityOf(profile: Profile, now: Date): { notBefore: Date; notAfter: Date } {
  const notBefore = now.getTime() - profile.backdateHours * HOUR_MS;
  return { notBefore: new Date(notBefore), notAfter: new Date(notBefore + profile.days * DAY_MS) };
}
