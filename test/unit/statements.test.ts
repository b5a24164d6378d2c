import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { PkiError } from '../../dist/adapters/pki/keys.js';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import {
  MAX_REVOCATION_BYTES,
  MAX_SHARED_DATABASES,
  parseStatement,
  verifyStatement,
  type DevicePayload,
  type KeyHolderPayload,
  type Payload,
  type RevocationPayload,
  type SharePayload,
  type Statement,
  type StatementDocument,
} from '../../dist/core/statements.js';
import { MAX_PAYLOAD_BYTES } from '../../dist/core/signed-text.js';
import { createTestPki } from '../kit/pki.js';

const { ada, grace, stranger } = createTestPki();
const TIME = '2026-03-01T12:00:00.000Z';

const DEVICE: DevicePayload = {
  type: 'device',
  userId: ada.ca.userId,
  time: TIME,
  deviceId: ada.laptop.deviceId,
  name: 'Ada’s laptop',
  leaf: ada.laptop.certPem,
  counter: 0,
};
const REVOCATION: RevocationPayload = {
  type: 'revocation',
  userId: ada.ca.userId,
  time: TIME,
  deviceId: ada.camera.deviceId,
};
const KEY_HOLDER: KeyHolderPayload = { ...REVOCATION, type: 'key-holder' };
const SHARE: SharePayload = {
  type: 'share',
  userId: ada.ca.userId,
  time: TIME,
  peerUserId: grace.ca.userId,
  ca: grace.ca.certPem,
  databases: [{ name: 'dmedia-0-novel', access: 'write' }],
  counter: 7,
};

const publicKeyOf = (certPem: string) => new X509Certificate(certPem).publicKey;
const ADA_KEY = publicKeyOf(ada.ca.certPem);

function parsed(document: unknown): Statement {
  const statement = parseStatement(document);
  assert.ok(!('problem' in statement), JSON.stringify(statement));
  return statement;
}

const problemOf = (document: unknown): string | null => {
  const result = parseStatement(document);
  return 'problem' in result ? result.problem : null;
};

/** A statement with this payload in the envelope of one that was signed. */
const enveloped = (payload: unknown): StatementDocument => ({
  ...signStatement(DEVICE, ada.ca),
  payload: JSON.stringify(payload),
});

for (const payload of [DEVICE, REVOCATION, KEY_HOLDER, SHARE, { ...SHARE, databases: [] }]) {
  test(`a ${payload.type} statement is signed, parsed and verified`, () => {
    const statement = parsed(JSON.parse(JSON.stringify(signStatement(payload, ada.ca))));
    assert.deepEqual(statement.payload, payload);
    assert.equal(statement.by, ada.ca.userId);
    assert.match(statement.id, /^[0-9a-f]{64}$/);
    assert.equal(verifyStatement(statement, ADA_KEY), true);
  });
}

test('a statement counts for the CA that signed it, and for no other', () => {
  const statement = parsed(signStatement(REVOCATION, ada.ca));
  assert.equal(verifyStatement(statement, publicKeyOf(grace.ca.certPem)), false);
  // The stranger's signature, in Ada's name.
  const forged = signStatement({ ...REVOCATION, userId: stranger.ca.userId }, stranger.ca);
  const { payload } = signStatement(REVOCATION, ada.ca);
  const statementOfStranger = parsed({ ...forged, payload, by: ada.ca.userId });
  assert.equal(verifyStatement(statementOfStranger, ADA_KEY), false);
  assert.equal(verifyStatement(statementOfStranger, publicKeyOf(stranger.ca.certPem)), false);
});

test('not a byte of the payload can change', () => {
  const document = signStatement(REVOCATION, ada.ca);
  const changed = document.payload.replace('12:00:00', '12:00:01');
  assert.equal(verifyStatement(parsed({ ...document, payload: changed }), ADA_KEY), false);
  // The same JSON in another text is another statement.
  assert.equal(verifyStatement(parsed({ ...document, payload: ` ${document.payload}` }), ADA_KEY), false);
  assert.equal(verifyStatement(parsed(document), ADA_KEY), true);
});

test('what is signed is the name of the format, a zero byte and the payload, with ECDSA and SHA-256', () => {
  const { payload, signature } = signStatement(SHARE, ada.ca);
  const bytes = Buffer.concat([
    Buffer.from('patchcord-statement-v1'),
    Buffer.from([0]),
    Buffer.from(payload),
  ]);
  const key = { key: ADA_KEY, dsaEncoding: 'ieee-p1363' } as const;
  assert.equal(verify('sha256', bytes, key, Buffer.from(signature, 'base64url')), true);
  assert.equal(parsed(signStatement(SHARE, ada.ca)).id, createHash('sha256').update(payload).digest('hex'));
});

test('a leaf’s key signs no statement that verifies', () => {
  const document = signStatement(REVOCATION, { keyPem: ada.laptop.keyPem, userId: ada.ca.userId });
  assert.equal(verifyStatement(parsed(document), ADA_KEY), false);
  assert.equal(verifyStatement(parsed(document), createPublicKey(ada.laptop.keyPem)), false);
});

test('an envelope has its three keys, and one text for its signature', () => {
  const document = signStatement(DEVICE, ada.ca);
  assert.equal(problemOf(document), null);
  const { signature } = document;
  for (const bad of [
    null,
    'text',
    [],
    { ...document, extra: 1 },
    { payload: document.payload, signature },
    { ...document, payload: JSON.parse(document.payload) as unknown },
    { ...document, signature: '' },
    { ...document, signature: signature.slice(1) },
    { ...document, signature: `${signature.slice(0, -1)}!` },
    { ...document, signature: `${signature}==` },
    { ...document, signature: otherTextOfTheSameBytes(signature) },
  ]) {
    assert.equal(problemOf(bad), 'envelope');
  }
});

/** The last character of 64 bytes in base64url carries 4 bits that do not count. */
function otherTextOfTheSameBytes(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = signature.slice(0, -1) + alphabet.charAt(alphabet.indexOf(signature.slice(-1)) + 1);
  assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(signature, 'base64url'));
  return other;
}

test('`by` is the user of the payload', () => {
  const document = signStatement(DEVICE, ada.ca);
  assert.equal(problemOf({ ...document, by: grace.ca.userId }), 'by');
  assert.equal(problemOf(enveloped({ ...DEVICE, userId: grace.ca.userId })), 'by');
});

test('a payload is JSON, of a bounded size', () => {
  const document = signStatement(DEVICE, ada.ca);
  assert.equal(problemOf({ ...document, payload: '{' }), 'payload-json');
  const atLimit = document.payload.padEnd(
    MAX_PAYLOAD_BYTES - (Buffer.byteLength(document.payload) - document.payload.length),
  );
  assert.equal(problemOf({ ...document, payload: atLimit }), null);
  assert.equal(problemOf({ ...document, payload: `${atLimit} ` }), 'payload-size');
  const revocation = signStatement(REVOCATION, ada.ca);
  const longest = revocation.payload.padEnd(MAX_REVOCATION_BYTES);
  assert.equal(problemOf({ ...revocation, payload: longest }), null);
  assert.equal(problemOf({ ...revocation, payload: `${longest} ` }), 'payload-size');
});

const shareOf = (count: number): unknown => ({
  ...SHARE,
  databases: Array.from({ length: count }, (_, index) => ({ name: `d${index}`, access: 'read' })),
});

test('a payload has the keys of its type with values of their form, and no others', () => {
  const bad: unknown[] = [
    null,
    [],
    {},
    { ...DEVICE, type: 'grant' },
    { ...DEVICE, extra: true },
    { ...REVOCATION, counter: 1 },
    { ...REVOCATION, deviceId: REVOCATION.deviceId.toLowerCase() },
    { ...REVOCATION, userId: 'ada' },
    { ...DEVICE, time: '2026-03-01' },
    { ...DEVICE, time: '2026-03-01T12:00:00Z' },
    { ...DEVICE, time: '2026-02-30T12:00:00.000Z' },
    { ...DEVICE, counter: -1 },
    { ...DEVICE, counter: 0.5 },
    { ...DEVICE, counter: Number.MAX_SAFE_INTEGER + 1 },
    { ...DEVICE, name: '' },
    { ...DEVICE, name: 'x'.repeat(65) },
    { ...DEVICE, name: 'lap\ntop' },
    { ...DEVICE, name: 'lap\u202etop' },
    { ...SHARE, databases: [{ name: 'novel', access: 'admin' }] },
    { ...SHARE, databases: [{ name: '_users', access: 'read' }] },
    { ...SHARE, databases: [{ name: 'novel-*', access: 'read' }] },
    { ...SHARE, databases: [{ name: 'novel', access: 'read', design: true }] },
    { ...SHARE, databases: [...SHARE.databases, ...SHARE.databases] },
    shareOf(MAX_SHARED_DATABASES + 1),
  ];
  for (const payload of bad) assert.equal(problemOf(enveloped(payload)), 'payload', JSON.stringify(payload));
  for (const good of [
    DEVICE,
    REVOCATION,
    SHARE,
    { ...DEVICE, name: 'x'.repeat(64) },
    shareOf(MAX_SHARED_DATABASES),
  ])
    assert.equal(problemOf(enveloped(good)), null);
});

test('the certificate in a payload is of the device or the user that it names', () => {
  const device = (leaf: string) => problemOf(enveloped({ ...DEVICE, leaf }));
  assert.equal(device(ada.laptop.certPem), null);
  assert.equal(device(ada.desktop.certPem), 'certificate');
  assert.equal(device('no certificate'), 'certificate');
  assert.equal(device(ada.laptop.certPem + ada.desktop.certPem), 'certificate');
  assert.equal(device('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), 'certificate');
  assert.equal(problemOf(enveloped({ ...SHARE, ca: stranger.ca.certPem })), 'certificate');
  assert.equal(problemOf(enveloped(SHARE)), null);
});

test('what would not be accepted is not signed', () => {
  const refused = (payload: Payload) =>
    assert.throws(
      () => signStatement(payload, ada.ca),
      (error) => error instanceof PkiError && error.code === 'not-a-statement',
    );
  refused({ ...REVOCATION, userId: grace.ca.userId });
  refused({ ...DEVICE, name: 'x'.repeat(65) });
  refused({ ...DEVICE, leaf: ada.desktop.certPem });
  signStatement(DEVICE, ada.ca);
});
