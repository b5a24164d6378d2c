// The extensions of patchcord's certificates (RFC 5280 section 4.2), each as a value that `buildCertificate` writes.
import { createHash } from 'node:crypto';
import { bits, boolean, encodeDer, implicit, integer, octets, oid, sequence, type DerValue } from './der.js';

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** DER of the extension's own type. */
  readonly value: Uint8Array;
}

const KEY_USAGE_BITS = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const;
export type KeyUsage = (typeof KEY_USAGE_BITS)[number];

const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;
export type Purpose = keyof typeof PURPOSES;

const DNS_NAME_TAG = 2;
const URI_TAG = 6;
const KEY_ID_TAG = 0;
const KEY_ID_BYTES = 20;
const BYTE_BITS = 8;

const extension = (id: string, critical: boolean, value: DerValue): Extension => ({
  oid: id,
  critical,
  value: encodeDer(value),
});

/** Critical. `pathLength` counts the CAs that may follow below: 0 is none. DER leaves out `ca: false`, the default. */
export function basicConstraints({ ca, pathLength }: { ca: boolean; pathLength?: number }): Extension {
  const limit = pathLength === undefined ? [] : [integer(pathLength)];
  return extension('2.5.29.19', true, sequence(...(ca ? [boolean(true)] : []), ...limit));
}

/** Critical. DER wants a named bit string without trailing zero bits. */
export function keyUsage(usages: readonly KeyUsage[]): Extension {
  const numbers = usages.map((usage) => KEY_USAGE_BITS.indexOf(usage));
  const byte = numbers.reduce((all, number) => all | (0x80 >> number), 0);
  return extension('2.5.29.15', true, bits(Uint8Array.of(byte), BYTE_BITS - 1 - Math.max(...numbers)));
}

export const extendedKeyUsage = (purposes: readonly Purpose[]): Extension =>
  extension('2.5.29.37', false, sequence(...purposes.map((purpose) => oid(PURPOSES[purpose]))));

export const subjectAltName = (names: { dnsName: string; uri: string }): Extension =>
  extension(
    '2.5.29.17',
    false,
    sequence(
      implicit(DNS_NAME_TAG, Buffer.from(names.dnsName, 'ascii')),
      implicit(URI_TAG, Buffer.from(names.uri, 'ascii')),
    ),
  );

/** SHA-256 over the SubjectPublicKeyInfo (RFC 7093 section 2, method 4), cut to 160 bits. */
const keyId = (spkiDer: Uint8Array): Uint8Array =>
  createHash('sha256').update(spkiDer).digest().subarray(0, KEY_ID_BYTES);

export const subjectKeyId = (spkiDer: Uint8Array): Extension =>
  extension('2.5.29.14', false, octets(keyId(spkiDer)));

export const authorityKeyId = (issuerSpkiDer: Uint8Array): Extension =>
  extension('2.5.29.35', false, sequence(implicit(KEY_ID_TAG, keyId(issuerSpkiDer))));
