// The facts about a certificate that the judgement rests on, read once from its DER. Names are compared as values,
// never as formatted text (CVE-2021-44531 to 44533).
import { X509Certificate, type KeyObject } from 'node:crypto';
import { deviceIdOf, fingerprintOf, type DeviceId, type Fingerprint } from '../ids.js';
import { readDer, readInside, type DerNode } from './der.js';

export interface Certificate {
  readonly x509: X509Certificate;
  /** Whether this key made its signature; found out once for each key. */
  readonly isSignedBy: (key: KeyObject) => boolean;
  readonly fingerprint: Fingerprint;
  /** The id of its own key, whatever its name says. */
  readonly deviceId: DeviceId;
  readonly isP256: boolean;
  /** Signed with ECDSA over SHA-256, -384 or -512: SHA-1 signatures can be made to collide. */
  readonly isSignedSoundly: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether its basic constraints say CA:TRUE, whatever else it says. */
  readonly isCa: boolean;
  /** The value of the one CN; null when there is none, or more than one. */
  readonly commonName: string | null;
  /** Bit 0 is digitalSignature (RFC 5280 section 4.2.1.3); null without the extension. */
  readonly keyUsage: Uint8Array | null;
  /** Object identifiers; null without the extension. */
  readonly extendedKeyUsage: readonly string[] | null;
  /** Whether an extension is critical that is not judged here (RFC 5280 section 4.2: it must be refused). */
  readonly hasUnknownCritical: boolean;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_IDENTIFIER = 0x06;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const BOOLEAN = 0x01;
const EXTENSIONS = 0xa3;
const VERSION = 0xa0;

const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const EXTENDED_KEY_USAGE = '551d25';
/** Basic constraints, key usage, extended key usage: judged. Alternative names: known, and not what identity rests on. */
const KNOWN_CRITICAL = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, '551d11']);
const STRING_TAGS = new Set([0x0c, 0x13, 0x16]);
/** ecdsa-with-SHA256, -SHA384, -SHA512 (RFC 5758 section 3.2). */
const SOUND_SIGNATURES = new Set(['2a8648ce3d040302', '2a8648ce3d040303', '2a8648ce3d040304']);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The facts in a certificate's DER; null for what is not one X.509 v3 certificate. */
export function readCertificate(der: Uint8Array): Certificate | null {
  try {
    return readFacts(new X509Certificate(der), der);
  } catch {
    return null;
  }
}

function readFacts(x509: X509Certificate, der: Uint8Array): Certificate | null {
  const tbs = readTbs(der);
  if (tbs === null) return null;
  const key = x509.publicKey;
  const extensions = readExtensions(tbs.extensions);
  if (extensions === null) return null;
  return {
    x509,
    isSignedBy: rememberedByKey((by) => x509.verify(by)),
    fingerprint: fingerprintOf(der),
    deviceId: deviceIdOf(key.export({ type: 'spki', format: 'der' })),
    isP256: key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    isSignedSoundly: SOUND_SIGNATURES.has(tbs.signatureAlgorithm),
    notBefore: new Date(x509.validFrom),
    notAfter: new Date(x509.validTo),
    // `x509.ca` alone would not do: it is false for a CA whose key usage lacks keyCertSign.
    isCa: x509.ca || readIsCa(extensions.get(BASIC_CONSTRAINTS)?.value),
    commonName: readCommonName(tbs.subject),
    keyUsage: readKeyUsage(extensions.get(KEY_USAGE)?.value),
    extendedKeyUsage: extensions.has(EXTENDED_KEY_USAGE) ? x509.keyUsage : null,
    hasUnknownCritical: [...extensions].some(([oid, { critical }]) => critical && !KNOWN_CRITICAL.has(oid)),
  };
}

function rememberedByKey(isSignedBy: (key: KeyObject) => boolean): (key: KeyObject) => boolean {
  const known = new WeakMap<KeyObject, boolean>();
  return (key) => {
    const answer = known.get(key) ?? isSignedBy(key);
    known.set(key, answer);
    return answer;
  };
}

/** TBSCertificate (RFC 5280 section 4.1): version, serial, algorithm, issuer, validity, subject, key, extensions. */
function readTbs(
  der: Uint8Array,
): { signatureAlgorithm: string; subject: DerNode; extensions: DerNode | null } | null {
  const [tbs] = readInside(der, SEQUENCE) ?? [];
  const fields = tbs === undefined ? null : readDer(tbs.content);
  if (fields === null || fields[0]?.tag !== VERSION) return null;
  const [, , algorithm, , , subject] = fields;
  if (algorithm === undefined || subject === undefined) return null;
  const [oid] = readDer(algorithm.content) ?? [];
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS) ?? null;
  return { signatureAlgorithm: oid === undefined ? '' : hex(oid.content), subject, extensions };
}

function readExtensions(node: DerNode | null): Map<string, { critical: boolean; value: Uint8Array }> | null {
  const found = new Map<string, { critical: boolean; value: Uint8Array }>();
  for (const { content } of node === null ? [] : (readInside(node.content, SEQUENCE) ?? [])) {
    const [oid, ...rest] = readDer(content) ?? [];
    const value = rest.at(-1);
    if (oid?.tag !== OBJECT_IDENTIFIER || value?.tag !== OCTET_STRING) return null;
    const name = hex(oid.content);
    if (found.has(name)) return null;
    found.set(name, { critical: rest[0]?.tag === BOOLEAN && rest[0].content[0] !== 0, value: value.content });
  }
  return found;
}

function readCommonName(subject: DerNode): string | null {
  const names = (readDer(subject.content) ?? [])
    .flatMap(({ tag, content }) => (tag === SET ? (readDer(content) ?? []) : []))
    .map(({ content }) => readDer(content) ?? [])
    .filter(([type]) => type !== undefined && hex(type.content) === COMMON_NAME);
  const value = names[0]?.[1];
  if (names.length !== 1 || value === undefined || !STRING_TAGS.has(value.tag)) return null;
  return Buffer.from(value.content).toString('utf8');
}

/** BasicConstraints (RFC 5280 section 4.2.1.9): cA is the BOOLEAN that comes first, and false where there is none. */
function readIsCa(value: Uint8Array | undefined): boolean {
  const [first] = (value === undefined ? null : readInside(value, SEQUENCE)) ?? [];
  return first?.tag === BOOLEAN && first.content[0] !== 0;
}

/** The bits of a BIT STRING, without the count of unused ones. */
function readKeyUsage(value: Uint8Array | undefined): Uint8Array | null {
  const [bits, ...more] = (value === undefined ? null : readDer(value)) ?? [];
  return bits?.tag === BIT_STRING && more.length === 0 ? bits.content.subarray(1) : null;
}
