// A throw-away test PKI, made anew in memory: users with devices, a stranger, and leaves that are wrong in one way each.
import type { DenialCode } from '../../dist/core/leaf/judge.js';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { bits, decodeDer, encodeDer, oid, sequence } from '../../dist/adapters/pki/der.js';
import { toPem } from '../../dist/adapters/pki/pem.js';
import { buildCertificate, type CertificateFields } from '../../dist/adapters/pki/build-certificate.js';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyId,
  type Extension,
} from '../../dist/adapters/pki/extensions.js';
import { createDeviceKey, spkiOf, type DeviceKey } from '../../dist/adapters/pki/keys.js';
import { createUserCa, issueLeaf, type UserCa } from '../../dist/adapters/pki/user-ca.js';
import { deviceIdOf, fingerprintOf, type DeviceId, type Fingerprint } from '../../dist/core/ids.js';

export interface TestLeaf {
  readonly certPem: string;
  readonly keyPem: string;
  readonly publicKey: Uint8Array;
  readonly deviceId: DeviceId;
  readonly fingerprint: Fingerprint;
}

export interface TestUser {
  readonly ca: UserCa;
  readonly laptop: TestLeaf;
  readonly desktop: TestLeaf;
  readonly camera: TestLeaf;
  /** One more device of this user. */
  issue(): TestLeaf;
}

export interface TestPki {
  readonly now: Date;
  readonly ada: TestUser;
  readonly grace: TestUser;
  /** A user whom nobody knows. */
  readonly stranger: TestUser;
}

const DAY_MS = 24 * 3_600_000;
const dayFrom = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY_MS);

export function createTestPki(now = new Date()): TestPki {
  return { now, ada: createTestUser(now), grace: createTestUser(now), stranger: createTestUser(now) };
}

export function createTestUser(now: Date): TestUser {
  const ca = createUserCa({ now });
  const issue = (): TestLeaf => {
    const key = createDeviceKey();
    return testLeaf(issueLeaf({ ca, publicKey: key.publicKey, now }), key);
  };
  return { ca, laptop: issue(), desktop: issue(), camera: issue(), issue };
}

const testLeaf = (
  certPem: string,
  { keyPem, publicKey }: Pick<DeviceKey, 'keyPem' | 'publicKey'>,
): TestLeaf => ({
  certPem,
  keyPem,
  publicKey,
  deviceId: deviceIdOf(publicKey),
  fingerprint: fingerprintOf(new X509Certificate(certPem).raw),
});

/** Who signs: the common name and the key. */
export interface Issuer {
  readonly name: string;
  readonly keyPem: string;
}

interface LeafPlan {
  readonly key?: Pick<DeviceKey, 'keyPem' | 'publicKey'>;
  readonly fields?: Partial<CertificateFields>;
  /** Signed with a hash that collides. */
  readonly sha1?: boolean;
  /** Extensions in place of those of the profile, by object identifier; null leaves one out. */
  readonly extensions?: ReadonlyMap<string, Extension | null>;
}

/** A leaf by `issuer` that is as it should be, but for what `plan` says. */
export function customLeaf(issuer: Issuer, now: Date, plan: LeafPlan = {}): TestLeaf {
  const key = plan.key ?? createDeviceKey();
  const signingKey = createPrivateKey(issuer.keyPem);
  const changed = plan.extensions ?? new Map<string, Extension | null>();
  const extensions = [
    ...profileExtensions(key.publicKey, signingKey).filter(({ oid }) => !changed.has(oid)),
    ...[...changed.values()].filter((extension) => extension !== null),
  ];
  const certPem = buildCertificate({
    issuer: issuer.name,
    subject: deviceIdOf(key.publicKey),
    notBefore: dayFrom(now, -1),
    notAfter: dayFrom(now, 824),
    publicKey: key.publicKey,
    extensions,
    signingKey,
    ...plan.fields,
  });
  return testLeaf(plan.sha1 === true ? resignedWithSha1(certPem, signingKey) : certPem, key);
}

/** RFC 3279 section 2.2.3. */
const ECDSA_WITH_SHA1 = '1.2.840.10045.4.1';

function resignedWithSha1(certPem: string, signingKey: KeyObject): string {
  const [tbs] = decodeDer(new X509Certificate(certPem).raw).value as ReturnType<typeof sequence>[];
  if (tbs === undefined) throw new Error('that is no certificate');
  const algorithm = sequence(oid(ECDSA_WITH_SHA1));
  // TBSCertificate (RFC 5280 section 4.1): version, serial, algorithm.
  (tbs.value as (typeof tbs)[])[2] = algorithm;
  const signature = sign('sha1', encodeDer(tbs), signingKey);
  return toPem('CERTIFICATE', encodeDer(sequence(tbs, algorithm, bits(signature))));
}

function profileExtensions(publicKey: Uint8Array, signingKey: KeyObject): Extension[] {
  const deviceId = deviceIdOf(publicKey);
  return [
    basicConstraints({ ca: false }),
    keyUsage(['digitalSignature']),
    extendedKeyUsage(['clientAuth', 'serverAuth']),
    subjectAltName({ dnsName: `${deviceId}.patchcord.internal`, uri: `patchcord:device:${deviceId}` }),
    subjectKeyId(publicKey),
    authorityKeyId(spkiOf(createPublicKey(signingKey))),
  ];
}

const withExtension = (extension: Extension): LeafPlan => ({
  extensions: new Map([[extension.oid, extension]]),
});

const keyOfKind = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): LeafPlan => ({
  key: {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: spkiOf(publicKey),
  },
});

function namedLike(nameOf: (id: DeviceId) => string): LeafPlan {
  const key = createDeviceKey();
  return { key, fields: { subject: nameOf(key.deviceId) } };
}

const EXTENDED_KEY_USAGE = '2.5.29.37';
/** An arc that is nobody's (RFC 7229 test policies). */
const UNKNOWN_EXTENSION: Extension = {
  oid: '1.3.6.1.5.5.7.13.1',
  critical: true,
  value: Uint8Array.of(5, 0),
};

/** Ways in which a leaf can be wrong, each in one way only. */
const FLAWS = {
  'sha-1': () => ({ sha1: true }),
  'nul-in-name': () => namedLike((id) => `${id}\0.patchcord.internal`),
  'slash-in-name': () => namedLike((id) => `${id}/CN=${id}`),
  expired: (now) => ({ fields: { notBefore: dayFrom(now, -30), notAfter: dayFrom(now, -1) } }),
  'not-yet-valid': (now) => ({ fields: { notBefore: dayFrom(now, 2) } }),
  'server-auth-only': () => withExtension(extendedKeyUsage(['serverAuth'])),
  'no-extended-key-usage': () => ({ extensions: new Map([[EXTENDED_KEY_USAGE, null]]) }),
  'is-ca': () => withExtension(basicConstraints({ ca: true })),
  'wrong-name': () => ({ fields: { subject: createDeviceKey().deviceId } }),
  'wrong-key-usage': () => withExtension(keyUsage(['keyEncipherment'])),
  'p-384': () => keyOfKind(generateKeyPairSync('ec', { namedCurve: 'secp384r1' })),
  'p-521': () => keyOfKind(generateKeyPairSync('ec', { namedCurve: 'secp521r1' })),
  ed25519: () => keyOfKind(generateKeyPairSync('ed25519')),
  'rsa-3072': () => keyOfKind(generateKeyPairSync('rsa', { modulusLength: 3072 })),
  'rsa-2048': () => keyOfKind(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  'unknown-critical-extension': () => withExtension(UNKNOWN_EXTENSION),
} as const satisfies Record<string, (now: Date) => LeafPlan>;

export type Flaw = keyof typeof FLAWS;
export const FLAW_NAMES = Object.keys(FLAWS) as Flaw[];

const issuerOf = (ca: UserCa): Issuer => ({ name: ca.userId, keyPem: ca.keyPem });

/** A leaf by `ca` with one flaw. */
export const flawedLeaf = (flaw: Flaw, ca: UserCa, now: Date): TestLeaf =>
  customLeaf(issuerOf(ca), now, FLAWS[flaw](now));

/** A CA below `ca`, which its path length of 0 forbids. */
export function intermediateCa(ca: UserCa, now: Date): TestLeaf {
  const extensions = [
    basicConstraints({ ca: true }),
    keyUsage(['keyCertSign', 'cRLSign', 'digitalSignature']),
  ];
  return customLeaf(issuerOf(ca), now, { extensions: new Map(extensions.map((made) => [made.oid, made])) });
}

/** A leaf that another certificate signed: an intermediate, or a leaf that may sign nothing. */
export const leafSignedBy = ({ deviceId, keyPem }: TestLeaf, now: Date): TestLeaf =>
  customLeaf({ name: deviceId, keyPem }, now);

/** A self-signed leaf, as it could stand in `trust.certs`. */
export function selfSignedLeaf(now: Date): TestLeaf {
  const key = createDeviceKey();
  return customLeaf({ name: key.deviceId, keyPem: key.keyPem }, now, { key });
}

/** What the judgement says of each. */
export const VERDICT_OF_FLAW: Record<Flaw, DenialCode> = {
  expired: 'expired',
  'not-yet-valid': 'not-yet-valid',
  'server-auth-only': 'extended-key-usage',
  'no-extended-key-usage': 'extended-key-usage',
  'is-ca': 'is-ca',
  'wrong-name': 'name',
  'wrong-key-usage': 'key-usage',
  'p-384': 'key-type',
  'p-521': 'key-type',
  ed25519: 'key-type',
  'rsa-2048': 'key-type',
  'rsa-3072': 'key-type',
  'sha-1': 'signature',
  'nul-in-name': 'name',
  'slash-in-name': 'name',
  'unknown-critical-extension': 'critical-extension',
};
