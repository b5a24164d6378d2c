// The judgement of a leaf: who a connection is, decided from the verified certificate and from nothing else. Pure,
// and made anew on every connection and after every reload: the stack's `authorizationError` holds one error of several.
import type { DeviceId, Fingerprint } from '../ids.js';
import type { Policy, PrincipalEntry, Role } from '../policy/policy.js';
import { entryFor, type KnownLeaf } from '../policy/principal-index.js';
import type { Certificate } from './certificate.js';
import type { Trust, TrustedCa } from './trust.js';

export type { KnownLeaf };

/** Who a request acts for. Made here only. */
export interface Principal {
  readonly deviceId: DeviceId;
  readonly fingerprint: Fingerprint;
  readonly role: Role;
  /** The name of the CA in `trust.cas`, or of the certificate in `trust.certs`, that the entry went by. */
  readonly by: { readonly issuer: string } | { readonly cert: string };
  /** The connection ends when its leaf does. */
  readonly notAfter: Date;
}

/** Every reason not to let someone in, with its sentence. */
export const DENIALS = {
  'no-certificate': 'the client showed no certificate, or none that can be read',
  'issuer-unknown': 'the certificate is signed by no CA in trust.cas, and is not in trust.certs',
  'issuer-ambiguous': 'more than one CA in trust.cas has the key that signed the certificate',
  'issuer-dates': 'the CA is outside its dates',
  signature: 'the certificate is signed with a hash that is not sound',
  'key-type': 'the key is not on P-256',
  'not-yet-valid': 'the certificate is not valid yet: compare the clocks of both devices',
  expired: 'the certificate has expired',
  'is-ca': 'the certificate is a CA, not a leaf',
  'key-usage': 'the key usage lacks digitalSignature',
  'extended-key-usage': 'the extended key usage lacks clientAuth',
  'server-auth': 'the extended key usage lacks serverAuth',
  'critical-extension': 'the certificate has a critical extension that is not known',
  name: 'the CN is not the id of its own key',
  'revoked-here': 'the device or the certificate is denied by trust.revoked',
  'revoked-by-ca': 'the CA that signed the certificate has revoked the device',
  'no-principal': 'no entry of policy.principals matches',
  'other-device': 'another device answered than the one that was dialled',
} as const;

export type DenialCode = keyof typeof DENIALS;

export type Verdict =
  { readonly admitted: Principal } | { readonly denied: DenialCode; readonly deviceId: DeviceId | null };

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DIGITAL_SIGNATURE = 0x80;

/** The verdict at `now`. An empty trust or an empty policy lets no one in. */
export function judgeLeaf(leaf: Certificate | null, trust: Trust, policy: Policy, now: Date): Verdict {
  if (leaf === null) return { denied: 'no-certificate', deviceId: null };
  const issuers = trust.cas.filter(({ publicKey }) => leaf.isSignedBy(publicKey));
  const cert = trust.certs.get(leaf.fingerprint) ?? null;
  const denied = revocationOf(leaf, issuers, trust);
  if (denied !== null) return { denied, deviceId: leaf.deviceId };
  const signedFlaw = flawOfSigned(leaf, issuers, now);
  const certFlaw = cert === null ? signedFlaw : firstFlaw(WHITELISTED, leaf, now);
  const known: KnownLeaf = {
    issuer: signedFlaw === null ? (issuers[0]?.name ?? null) : null,
    cert: certFlaw === null ? cert : null,
    device: leaf.deviceId,
  };
  if (signedFlaw !== null && certFlaw !== null) return { denied: certFlaw, deviceId: leaf.deviceId };
  const entry = entryFor(policy.principals, known);
  const role = entry === undefined ? undefined : policy.roles.get(entry.role);
  if (entry === undefined || role === undefined) return { denied: 'no-principal', deviceId: leaf.deviceId };
  return { admitted: createPrincipal(leaf, entry, role) };
}

/**
 * The verdict on whoever answered where `device` was dialled (null: where a name was that no known device has). Judged
 * as a client's leaf is, for the same people stand on both ends; and it must be for servers, and of that device.
 */
export function judgeDialled(
  leaf: Certificate | null,
  device: DeviceId | null,
  trust: Trust,
  policy: Policy,
  now: Date,
): Verdict {
  const verdict = judgeLeaf(leaf, trust, policy, now);
  if (leaf === null || 'denied' in verdict) return verdict;
  const { deviceId } = leaf;
  if (leaf.extendedKeyUsage?.includes(SERVER_AUTH) === false) return { denied: 'server-auth', deviceId };
  if (device !== null && deviceId !== device) return { denied: 'other-device', deviceId };
  return verdict;
}

/** A revocation beats every entry, whitelisted or not. */
function revocationOf(leaf: Certificate, issuers: readonly TrustedCa[], trust: Trust): DenialCode | null {
  if (trust.revokedDevices.has(leaf.deviceId) || trust.revokedFingerprints.has(leaf.fingerprint))
    return 'revoked-here';
  const byCa = issuers.some(({ userId }) => trust.revokedByCa.get(userId)?.has(leaf.deviceId) === true);
  return byCa ? 'revoked-by-ca' : null;
}

type Check = readonly [DenialCode, (leaf: Certificate, now: Date) => boolean];

const WITHIN_DATES: readonly Check[] = [
  ['not-yet-valid', (leaf, now) => leaf.notBefore <= now],
  ['expired', (leaf, now) => now < leaf.notAfter],
];

/** What a leaf that a trusted CA signed must be; the first that does not hold is the reason. */
const SIGNED: readonly Check[] = [
  ['signature', (leaf) => leaf.isSignedSoundly],
  ['key-type', (leaf) => leaf.isP256],
  ...WITHIN_DATES,
  ['is-ca', (leaf) => !leaf.isCa],
  ['key-usage', (leaf) => ((leaf.keyUsage?.[0] ?? 0) & DIGITAL_SIGNATURE) !== 0],
  ['extended-key-usage', (leaf) => leaf.extendedKeyUsage?.includes(CLIENT_AUTH) === true],
  ['critical-extension', (leaf) => !leaf.hasUnknownCritical],
  ['name', (leaf) => leaf.commonName === leaf.deviceId],
];

/** What a whitelisted certificate must be, whoever signed it. */
const WHITELISTED: readonly Check[] = [
  ...WITHIN_DATES,
  ['extended-key-usage', (leaf) => leaf.extendedKeyUsage?.includes(CLIENT_AUTH) !== false],
];

const firstFlaw = (checks: readonly Check[], leaf: Certificate, now: Date): DenialCode | null =>
  checks.find(([, holds]) => !holds(leaf, now))?.[0] ?? null;

/**
 * What is wrong with a leaf that `issuers`, found by the key and never by a name, signed. No intermediates: exactly
 * one CA has the key.
 */
export function flawOfSigned(
  leaf: Certificate,
  issuers: readonly Pick<TrustedCa, 'notBefore' | 'notAfter'>[],
  now: Date,
): DenialCode | null {
  const [ca, ...others] = issuers;
  if (ca === undefined) return 'issuer-unknown';
  if (others.length > 0) return 'issuer-ambiguous';
  if (now < ca.notBefore || now >= ca.notAfter) return 'issuer-dates';
  return firstFlaw(SIGNED, leaf, now);
}

const createPrincipal = (leaf: Certificate, entry: PrincipalEntry, role: Role): Principal => ({
  deviceId: leaf.deviceId,
  fingerprint: leaf.fingerprint,
  role,
  by: entry.kind === 'cert' ? { cert: entry.cert } : { issuer: entry.issuer },
  notAfter: leaf.notAfter,
});
