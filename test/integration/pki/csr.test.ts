// Requests for a leaf: openssl takes them, and what is wrong with one is found on its own bytes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { createCsr } from '../../../dist/adapters/pki/csr.js';
import {
  bits,
  decodeDer,
  ECDSA_WITH_SHA256,
  emptySet,
  encodeDer,
  integer,
  octets,
  oid,
  sequence,
} from '../../../dist/adapters/pki/der.js';
import { createDeviceKey, spkiOf } from '../../../dist/adapters/pki/keys.js';
import { issueLeaf } from '../../../dist/adapters/pki/user-ca.js';
import { MAX_CSR_BYTES, parseCsr } from '../../../dist/core/leaf/csr.js';
import { createTestPki } from '../../kit/pki.js';

const key = createDeviceKey();
const other = createDeviceKey();

interface Plan {
  readonly publicKey?: Uint8Array;
  readonly keyPem?: string;
  readonly subject?: Uint8Array;
  readonly version?: number;
  readonly algorithm?: string;
}

/** A request that is as it should be, but for what `plan` says. */
function request(plan: Plan = {}): Buffer {
  const info = sequence(
    integer(plan.version ?? 0),
    plan.subject === undefined ? sequence() : sequence(octets(plan.subject)),
    decodeDer(plan.publicKey ?? key.publicKey),
    emptySet(0),
  );
  const signature = sign('sha256', encodeDer(info), createPrivateKey(plan.keyPem ?? key.keyPem));
  return encodeDer(sequence(info, sequence(oid(plan.algorithm ?? ECDSA_WITH_SHA256)), bits(signature)));
}

const problemOf = (der: Uint8Array): string | null => {
  const parsed = parseCsr(der);
  return 'problem' in parsed ? parsed.problem : null;
};

test('a request is what openssl takes, and its key is the one that was meant', () => {
  const csr = createCsr(key.keyPem);
  const { status, stderr } = spawnSync('openssl', ['req', '-inform', 'DER', '-verify', '-noout'], {
    input: csr,
  });
  assert.equal(status, 0, String(stderr));
  const parsed = parseCsr(csr);
  assert.ok('publicKey' in parsed);
  assert.deepEqual(Buffer.from(parsed.publicKey), Buffer.from(key.publicKey));
  const { ada, now } = createTestPki();
  issueLeaf({ ca: ada.ca, publicKey: parsed.publicKey, now });
});

test('it is found in the midst of other bytes as well', () => {
  const around = Buffer.concat([Buffer.alloc(7), createCsr(key.keyPem), Buffer.alloc(3)]);
  assert.equal(problemOf(around.subarray(7, -3)), null);
});

test('a request without possession of its key is refused', () => {
  assert.equal(problemOf(request()), null);
  assert.equal(problemOf(request({ keyPem: other.keyPem })), 'no-possession');
  const changed = request({ subject: Buffer.from('Ada') });
  changed.writeUInt8(changed.readUInt8(changed.indexOf('Ada')) ^ 1, changed.indexOf('Ada'));
  assert.equal(problemOf(changed), 'no-possession');
});

test('only keys on P-256 are taken, in their one form', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const pair of [p384, rsa]) {
    const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    assert.equal(problemOf(request({ publicKey: spkiOf(pair.publicKey), keyPem })), 'not-p256');
  }
  const offCurve = Buffer.from(key.publicKey);
  offCurve.writeUInt8(offCurve.readUInt8(90) ^ 1, 90);
  assert.equal(problemOf(request({ publicKey: offCurve })), 'not-p256');
});

test('a request of 4 KiB is taken, and one byte more is not', () => {
  const rest = request({ subject: Buffer.alloc(3000) }).length - 3000;
  const sized = (bytes: number): Buffer => {
    // The length of an ECDSA signature differs by a byte or two: made until it fits.
    for (;;) {
      const der = request({ subject: Buffer.alloc(bytes - rest) });
      if (der.length === bytes) return der;
    }
  };
  assert.equal(problemOf(sized(MAX_CSR_BYTES)), null);
  assert.equal(problemOf(sized(MAX_CSR_BYTES + 1)), 'too-large');
});

test('whatever is not a request is none, whole or cut', () => {
  const csr = Buffer.from(createCsr(key.keyPem));
  for (let end = 0; end < csr.length; end += 1) assert.notEqual(problemOf(csr.subarray(0, end)), null);
  assert.equal(problemOf(Buffer.concat([csr, Buffer.alloc(1)])), 'malformed');
  assert.equal(problemOf(request({ version: 1 })), 'malformed');
  assert.equal(problemOf(request({ algorithm: '1.2.840.10045.4.3.3' })), 'malformed');
});
