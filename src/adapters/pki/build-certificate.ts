// Writes and signs an X.509 v3 certificate from fields, whatever they say. What a good certificate is, the profiles
// know; this must not.
import { randomBytes, sign, type KeyObject } from 'node:crypto';
import {
  bits,
  boolean,
  decodeDer,
  ECDSA_WITH_SHA256,
  encodeDer,
  explicit,
  integer,
  octets,
  oid,
  positiveInteger,
  sequence,
  setOf,
  time,
  utf8,
  type DerValue,
} from './der.js';
import type { Extension } from './extensions.js';
import { toPem } from './pem.js';

export interface CertificateFields {
  /** Common names; each is the whole of its distinguished name. */
  readonly issuer: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER SubjectPublicKeyInfo of the subject. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
  /** The issuer's private key, on an elliptic curve. */
  readonly signingKey: KeyObject;
}

const VERSION_3 = 2;
const VERSION_TAG = 0;
const EXTENSIONS_TAG = 3;
const SERIAL_BYTES = 16;
const COMMON_NAME = '2.5.4.3';

/** The certificate as PEM, with a new random serial. */
export function buildCertificate(fields: CertificateFields): string {
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const tbs = sequence(
    explicit(VERSION_TAG, integer(VERSION_3)),
    positiveInteger(randomSerial()),
    algorithm,
    name(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    name(fields.subject),
    decodeDer(fields.publicKey),
    explicit(EXTENSIONS_TAG, sequence(...fields.extensions.map(writeExtension))),
  );
  const signature = sign('sha256', encodeDer(tbs), fields.signingKey);
  return toPem('CERTIFICATE', encodeDer(sequence(tbs, algorithm, bits(signature))));
}

/** The second highest bit is set and the highest clear: positive, and of one length. */
function randomSerial(): Uint8Array {
  const serial = randomBytes(SERIAL_BYTES);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial;
}

const name = (commonName: string): DerValue => sequence(setOf(sequence(oid(COMMON_NAME), utf8(commonName))));

const writeExtension = ({ oid: id, critical, value }: Extension): DerValue =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
