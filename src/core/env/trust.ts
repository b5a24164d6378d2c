// Compiles `trust` and `identity`: certificates are read once, here, and every later part trusts the types.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type * as v from 'valibot';
import {
  parseDeviceId,
  parseFingerprint,
  userIdOf,
  type DeviceId,
  type Fingerprint,
  type UserId,
} from '../ids.js';
import { readCertificate, type Certificate } from '../leaf/certificate.js';
import type { Trust, TrustedCa } from '../leaf/trust.js';
import { MAX_REVOCATIONS_PER_CA, parseStatement, verifyStatement, type Statement } from '../statements.js';
import type { Problems } from './problems.js';
import type { IDENTITY, TRUST } from './shape.js';

/** This device, with the key that proves it. */
export interface Identity {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly leaf: Certificate;
  readonly certPem: string;
  readonly keyPem: string;
  readonly privateKey: KeyObject;
}

/** The trust as the judgement reads it, the whitelisted certificates, and the statements to pass on. */
export interface CompiledTrust {
  readonly trust: Trust;
  readonly whitelisted: ReadonlyMap<string, Certificate>;
  readonly revocations: readonly Statement[];
}

const PEM = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

/** The one certificate of a PEM text; null for anything else, two of them included. */
export function readPem(pemText: string): Certificate | null {
  const body = PEM.exec(pemText)?.[1];
  return body === undefined ? null : readCertificate(Buffer.from(body, 'base64'));
}

const spkiOf = (certificate: Certificate): Uint8Array =>
  certificate.x509.publicKey.export({ type: 'spki', format: 'der' });

export function compileTrust(shape: v.InferOutput<typeof TRUST>, problems: Problems): CompiledTrust {
  const cas = compileCas(shape.cas, problems);
  const whitelisted = compileCerts(shape.certs, problems);
  const { devices, fingerprints } = compileRevoked(shape.revoked, problems);
  const { statements, byCa } = compileRevocations(shape.revocations, cas, problems);
  const certs = new Map([...whitelisted].map(([name, { fingerprint }]) => [fingerprint, name]));
  return {
    trust: { cas, certs, revokedDevices: devices, revokedFingerprints: fingerprints, revokedByCa: byCa },
    whitelisted,
    revocations: statements,
  };
}

function compileCas(pems: Record<string, string>, problems: Problems): TrustedCa[] {
  if (!Object.hasOwn(pems, 'user')) problems.add(['trust', 'cas', 'user'], 'is missing');
  const cas: TrustedCa[] = [];
  for (const [name, pem] of Object.entries(pems)) {
    const path = ['trust', 'cas', name];
    const certificate = readPem(pem);
    if (certificate === null) problems.add(path, 'must be one certificate in PEM');
    else if (!certificate.x509.ca) problems.add(path, 'must be a CA certificate, one that may sign');
    else if (!certificate.isP256) problems.add(path, 'must have a key on P-256');
    else {
      const userId = userIdOf(spkiOf(certificate));
      if (cas.some((other) => other.userId === userId)) problems.add(path, 'has the same key as another CA');
      const { notBefore, notAfter } = certificate;
      cas.push({ name, userId, publicKey: certificate.x509.publicKey, notBefore, notAfter });
    }
  }
  return cas;
}

function compileCerts(pems: Record<string, string>, problems: Problems): Map<string, Certificate> {
  const certs = new Map<string, Certificate>();
  for (const [name, pem] of Object.entries(pems)) {
    const path = ['trust', 'certs', name];
    const certificate = readPem(pem);
    if (certificate === null) problems.add(path, 'must be one certificate in PEM');
    else if ([...certs.values()].some(({ fingerprint }) => fingerprint === certificate.fingerprint)) {
      problems.add(path, 'is the same certificate as another');
    } else certs.set(name, certificate);
  }
  return certs;
}

function compileRevoked(entries: readonly string[], problems: Problems) {
  const devices = new Set<DeviceId>();
  const fingerprints = new Set<Fingerprint>();
  for (const [index, entry] of entries.entries()) {
    const device = entry.startsWith('device:') ? parseDeviceId(entry.slice('device:'.length)) : null;
    const fingerprint = entry.startsWith('sha256:') ? parseFingerprint(entry.slice('sha256:'.length)) : null;
    if (device !== null) devices.add(device);
    else if (fingerprint !== null) fingerprints.add(fingerprint);
    else
      problems.add(
        ['trust', 'revoked', index],
        'must be "device:" and an id, or "sha256:" and 64 hex digits',
      );
  }
  return { devices, fingerprints };
}

/** A statement counts by its signature: one that no CA of `trust.cas` signed is a problem, not a silent nothing. */
function compileRevocations(entries: readonly unknown[], cas: readonly TrustedCa[], problems: Problems) {
  const statements: Statement[] = [];
  const byCa = new Map<UserId, Set<DeviceId>>();
  for (const [index, entry] of entries.entries()) {
    const path = ['trust', 'revocations', index];
    const statement = parseStatement(entry);
    if ('problem' in statement || statement.payload.type !== 'revocation') {
      problems.add(path, 'must be a signed revocation');
      continue;
    }
    const ca = cas.find(({ userId }) => userId === statement.by);
    if (ca === undefined || !verifyStatement(statement, ca.publicKey)) {
      problems.add(path, 'must be signed by a CA in trust.cas');
      continue;
    }
    const devices = byCa.get(ca.userId) ?? new Set();
    byCa.set(ca.userId, devices.add(statement.payload.deviceId));
    statements.push(statement);
    if (devices.size > MAX_REVOCATIONS_PER_CA) problems.add(path, 'is one revocation too many of this CA');
  }
  return { statements, byCa };
}

export function compileIdentity(
  shape: v.InferOutput<typeof IDENTITY>,
  trust: CompiledTrust | null,
  problems: Problems,
): Identity | null {
  const leaf = readPem(shape.cert);
  const privateKey = readPrivateKey(shape.key);
  if (leaf === null) problems.add(['identity', 'cert'], 'must be one certificate in PEM');
  if (privateKey === null)
    problems.add(['identity', 'key'], 'must be one private key in PEM, without a passphrase');
  if (leaf === null || privateKey === null) return null;
  if (!leaf.x509.checkPrivateKey(privateKey))
    problems.add(['identity', 'key'], 'is not the key of identity.cert');
  if (leaf.deviceId !== shape.deviceId)
    problems.add(['identity', 'deviceId'], 'is not the id of the key of identity.cert');
  const ca = trust?.trust.cas.find(({ name }) => name === 'user');
  if (ca !== undefined && ca.userId !== shape.userId) {
    problems.add(['identity', 'userId'], 'is not the id of the key of trust.cas.user');
  }
  if (ca !== undefined && !leaf.x509.verify(ca.publicKey)) {
    problems.add(['identity', 'cert'], 'is not signed by trust.cas.user');
  }
  return {
    userId: shape.userId as UserId,
    deviceId: leaf.deviceId,
    name: shape.name,
    leaf,
    certPem: shape.cert,
    keyPem: shape.key,
    privateKey,
  };
}

function readPrivateKey(pemText: string): KeyObject | null {
  try {
    return createPrivateKey(pemText);
  } catch {
    return null;
  }
}
