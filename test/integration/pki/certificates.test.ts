// Certificates as others read them: openssl in its strict mode, and Node.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { buildCertificate } from '../../../dist/adapters/pki/build-certificate.js';
import { createDeviceKey, PkiError, spkiOf } from '../../../dist/adapters/pki/keys.js';
import { createThrowAwayLeaf } from '../../../dist/adapters/pki/throw-away-leaf.js';
import { createUserCa, issueLeaf, type UserCa } from '../../../dist/adapters/pki/user-ca.js';
import { userIdOf } from '../../../dist/core/ids.js';
import {
  createTestPki,
  FLAW_NAMES,
  flawedLeaf,
  intermediateCa,
  leafSignedBy,
  selfSignedLeaf,
  type Flaw,
  type TestLeaf,
} from '../../kit/pki.js';

const run = promisify(execFile);
const NOW = new Date('2026-03-01T12:00:00.000Z');
const DAY_MS = 24 * 3_600_000;
const { ada, grace } = createTestPki(NOW);

interface Profiles {
  ca: { days: number };
  throwAway: { days: number };
  leaf: { days: number; extendedKeyUsage: string[] };
}
const profiles = JSON.parse(await readFile('certs/profiles.json', 'utf8')) as Profiles;

interface Verdict {
  readonly ok: boolean;
  readonly output: string;
}

/** What `openssl verify -x509_strict` says about a certificate below a CA, at a time, for a purpose. */
async function opensslVerify(ca: string, certificate: string, purpose: string, at = NOW): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'patchcord-pki-'));
  try {
    const [caFile, file] = [join(folder, 'ca.pem'), join(folder, 'certificate.pem')];
    await writeFile(caFile, ca);
    await writeFile(file, certificate);
    const seconds = String(Math.floor(at.getTime() / 1000));
    const options = ['-x509_strict', '-check_ss_sig', '-no-CApath', '-no-CAstore', '-attime', seconds];
    const { stdout } = await run('openssl', [
      'verify',
      ...options,
      '-purpose',
      purpose,
      '-CAfile',
      caFile,
      file,
    ]);
    return { ok: true, output: stdout };
  } catch (error) {
    // A program that is missing or was killed has no exit code of its own: that is a failure of the test.
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code !== 2) throw error;
    return { ok: false, output: String(stderr) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const CLIENT_AND_SERVER = ['sslclient', 'sslserver'];

test('openssl accepts a user CA and its leaves, strictly, as client and as server', async () => {
  assert.equal((await opensslVerify(ada.ca.certPem, ada.ca.certPem, 'any')).ok, true);
  for (const purpose of CLIENT_AND_SERVER) {
    for (const { certPem } of [ada.laptop, ada.desktop, ada.camera]) {
      const { ok, output } = await opensslVerify(ada.ca.certPem, certPem, purpose);
      assert.equal(ok, true, output);
    }
  }
});

test('openssl accepts the throw-away leaf of a run of pairing, which names nobody', async () => {
  const [one, other] = [createThrowAwayLeaf({ now: NOW }), createThrowAwayLeaf({ now: NOW })];
  for (const purpose of CLIENT_AND_SERVER) {
    const { ok, output } = await opensslVerify(one.certPem, one.certPem, purpose);
    assert.equal(ok, true, output);
  }
  const { raw, subject, validTo } = new X509Certificate(one.certPem);
  assert.equal(subject, 'CN=patchcord-pair');
  assert.equal(new X509Certificate(other.certPem).subject, subject);
  assert.notDeepEqual(new X509Certificate(other.certPem).raw, raw);
  assert.equal(new Date(validTo).getTime(), NOW.getTime() + (profiles.throwAway.days - 1) * DAY_MS);
});

test('openssl refuses a leaf of another user’s CA', async () => {
  assert.equal((await opensslVerify(ada.ca.certPem, grace.laptop.certPem, 'sslclient')).ok, false);
});

test('certificates that end after 2049 are read as they were meant', async () => {
  const late = new Date('2049-12-31T12:00:00.000Z');
  const ca = createUserCa({ now: late });
  const leaf = issueLeaf({ ca, publicKey: createDeviceKey().publicKey, now: late });
  assert.equal((await opensslVerify(ca.certPem, leaf, 'sslclient', late)).ok, true);
  assert.equal(
    (await opensslVerify(ca.certPem, leaf, 'sslclient', new Date('2052-06-01T00:00:00Z'))).ok,
    false,
  );
  assert.equal(new Date(new X509Certificate(leaf).validTo).getUTCFullYear(), 2052);
});

test('a date before 2050 is a UTCTime and a later one a GeneralizedTime', () => {
  const { raw } = new X509Certificate(createUserCa({ now: new Date('2040-06-01T00:00:00.000Z') }).certPem);
  assert.ok(raw.includes('400531000000Z', 0, 'latin1'));
  assert.ok(raw.includes('20600531000000Z', 0, 'latin1'));
  assert.ok(!raw.includes('20400531', 0, 'latin1'));
});

test('Node reads in a user CA what the profile says', () => {
  const ca = new X509Certificate(ada.ca.certPem);
  assert.equal(ca.subject, `CN=${ada.ca.userId}`);
  assert.equal(ca.issuer, ca.subject);
  assert.equal(userIdOf(spkiOf(ca.publicKey)), ada.ca.userId);
  assert.equal(ca.ca, true);
  assert.equal(ca.verify(createPublicKey(ada.ca.keyPem)), true);
  assert.equal(new Date(ca.validFrom).getTime(), NOW.getTime() - DAY_MS);
  assert.equal(new Date(ca.validTo).getTime(), NOW.getTime() + (profiles.ca.days - 1) * DAY_MS);
});

test('Node reads in a leaf what the profile says', () => {
  const leaf = new X509Certificate(ada.laptop.certPem);
  const { deviceId } = ada.laptop;
  assert.equal(leaf.subject, `CN=${deviceId}`);
  assert.equal(leaf.issuer, `CN=${ada.ca.userId}`);
  assert.equal(leaf.ca, false);
  assert.equal(leaf.subjectAltName, `DNS:${deviceId}.patchcord.internal, URI:patchcord:device:${deviceId}`);
  assert.equal(profiles.leaf.extendedKeyUsage.length, 2);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
  assert.equal(leaf.checkIssued(new X509Certificate(ada.ca.certPem)), true);
  assert.equal(leaf.verify(new X509Certificate(ada.ca.certPem).publicKey), true);
  assert.equal(new Date(leaf.validFrom).getTime(), NOW.getTime() - DAY_MS);
  assert.equal(new Date(leaf.validTo).getTime(), NOW.getTime() + (profiles.leaf.days - 1) * DAY_MS);
});

test('openssl reads the extensions as critical or not, as the profiles say', async () => {
  const textOf = async (pem: string): Promise<string> => {
    const child = run('openssl', ['x509', '-noout', '-text']);
    child.child.stdin?.end(pem);
    return (await child).stdout;
  };
  const ca = await textOf(ada.ca.certPem);
  assert.match(ca, /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
  assert.match(ca, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  assert.match(ca, /Subject Key Identifier: ?\n/);
  const leaf = await textOf(ada.laptop.certPem);
  assert.match(leaf, /Basic Constraints: critical\s+CA:FALSE\n/);
  assert.match(leaf, /Key Usage: critical\s+Digital Signature\n/);
  assert.match(
    leaf,
    /Extended Key Usage: ?\n\s+TLS Web Client Authentication, TLS Web Server Authentication\n/,
  );
  const [, caKeyId] = /Subject Key Identifier: ?\n\s+([0-9A-F:]{59})\n/.exec(ca) ?? [];
  const [, authority] = /Authority Key Identifier: ?\n\s+(?:keyid:)?([0-9A-F:]{59})\n/.exec(leaf) ?? [];
  assert.ok(caKeyId);
  assert.equal(authority, caKeyId);
});

test('serials are positive, 16 bytes, and each its own', () => {
  const serials = Array.from({ length: 50 }, () => new X509Certificate(ada.issue().certPem).serialNumber);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  assert.equal(new Set(serials).size, serials.length);
});

test('a leaf is never valid when its CA is not', () => {
  const { publicKey } = createDeviceKey();
  const caEnd = new Date(new X509Certificate(ada.ca.certPem).validTo);
  // A day before the CA was made: the CA itself is backdated by that much.
  const early = new X509Certificate(
    issueLeaf({ ca: ada.ca, publicKey, now: new Date(NOW.getTime() - DAY_MS) }),
  );
  assert.equal(early.validFrom, new X509Certificate(ada.ca.certPem).validFrom);
  const late = new X509Certificate(
    issueLeaf({ ca: ada.ca, publicKey, now: new Date(caEnd.getTime() - DAY_MS) }),
  );
  assert.equal(late.validTo, new X509Certificate(ada.ca.certPem).validTo);
  for (const now of [caEnd, new Date(NOW.getTime() - DAY_MS - 1000)])
    assert.throws(
      () => issueLeaf({ ca: ada.ca, publicKey, now }),
      (error) => error instanceof PkiError && error.code === 'ca-outside-dates',
    );
});

test('only a P-256 key in its one form gets a leaf', () => {
  const { publicKey } = createDeviceKey();
  issueLeaf({ ca: ada.ca, publicKey, now: NOW });
  const bad = [
    spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey),
    spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    spkiOf(generateKeyPairSync('ed25519').publicKey),
    Buffer.concat([publicKey, Buffer.from([0])]),
    compressed(publicKey),
    new Uint8Array(0),
  ];
  for (const key of bad)
    assert.throws(
      () => issueLeaf({ ca: ada.ca, publicKey: key, now: NOW }),
      (error) => error instanceof PkiError && error.code === 'not-p256',
    );
});

/** The same P-256 key with its point in compressed form (SEC 1 section 2.3.3). */
function compressed(spkiDer: Uint8Array): Uint8Array {
  const der = Buffer.from(spkiDer);
  const point = der.subarray(-65);
  const short = Buffer.from([2 + (point.readUInt8(64) & 1), ...point.subarray(1, 33)]);
  const header = Buffer.from(der.subarray(0, -65));
  header.writeUInt8(header.readUInt8(1) - 32, 1);
  header.writeUInt8(header.readUInt8(header.length - 2) - 32, header.length - 2);
  return Buffer.concat([header, short]);
}

/** Whether openssl would let such a leaf in as a client: it knows nothing of our ids, and takes any curve and a CA. */
const LET_IN_BY_OPENSSL: Record<Flaw, boolean> = {
  expired: false,
  'not-yet-valid': false,
  'server-auth-only': false,
  'no-extended-key-usage': true,
  'is-ca': true,
  'wrong-name': true,
  'wrong-key-usage': false,
  'p-384': true,
  'p-521': true,
  ed25519: true,
  'rsa-3072': true,
  'sha-1': true,
  'nul-in-name': true,
  'slash-in-name': true,
  'rsa-2048': true,
  'unknown-critical-extension': false,
};

for (const flaw of FLAW_NAMES) {
  test(`the test kit’s leaf "${flaw}" is that to openssl too`, async () => {
    const { certPem } = flawedLeaf(flaw, ada.ca, NOW);
    const { ok, output } = await opensslVerify(ada.ca.certPem, certPem, 'sslclient');
    assert.equal(ok, LET_IN_BY_OPENSSL[flaw], output);
    assert.equal(new X509Certificate(certPem).verify(createPublicKey(ada.ca.keyPem)), true);
  });
}

test('the test kit’s other leaves are signed by whom they should be', async () => {
  const signedBy = (leaf: TestLeaf, ca: UserCa) =>
    new X509Certificate(leaf.certPem).verify(createPublicKey(ca.keyPem));
  const intermediate = intermediateCa(ada.ca, NOW);
  assert.equal(signedBy(intermediate, ada.ca), true);
  assert.equal(new X509Certificate(intermediate.certPem).ca, true);
  for (const issuer of [intermediate, ada.laptop]) {
    const leaf = leafSignedBy(issuer, NOW);
    assert.equal(signedBy(leaf, ada.ca), false);
    assert.equal(new X509Certificate(leaf.certPem).verify(createPublicKey(issuer.keyPem)), true);
    const chain = ada.ca.certPem + issuer.certPem;
    assert.equal((await opensslVerify(chain, leaf.certPem, 'sslclient')).ok, false);
  }
  const own = selfSignedLeaf(NOW);
  assert.equal(new X509Certificate(own.certPem).verify(createPublicKey(own.keyPem)), true);
  assert.equal((await opensslVerify(own.certPem, own.certPem, 'sslclient')).ok, true);
});

test('a certificate is built as the fields say, whatever they say', () => {
  const key = createDeviceKey();
  const fields = { issuer: 'Zoë', subject: 'A, B=C', notBefore: NOW, notAfter: NOW, extensions: [] };
  const pem = buildCertificate({
    ...fields,
    publicKey: key.publicKey,
    signingKey: createPrivateKey(ada.ca.keyPem),
  });
  assert.deepEqual(spkiOf(new X509Certificate(pem).publicKey), Buffer.from(key.publicKey));
  assert.ok(new X509Certificate(pem).raw.includes('Zoë', 0, 'utf8'));
});
