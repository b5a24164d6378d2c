// What a device asks for counts as asked by its own signature, until something newer was signed; it never grants anything.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { signRequest } from '../../dist/adapters/pki/sign-request.js';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import { createRequests, MAX_REQUESTS } from '../../dist/agent/directory/requests.js';
import type { Membership } from '../../dist/agent/directory/membership.js';
import { EMPTY_RECORD, learnStatements, type DirectoryRecord } from '../../dist/core/directory/record.js';
import { isOpenRequest, parseRequest, type Request, type RequestPayload } from '../../dist/core/requests.js';
import { formatSigned } from '../../dist/core/signed-text.js';
import { createTestPki, type TestLeaf } from '../kit/pki.js';

const { ada, grace, now } = createTestPki();
const { userId } = ada.ca;
const time = now.toISOString();
const SIGNERS = { own: createPublicKey(ada.ca.certPem), ownUserId: userId, others: new Map() };
const learn = (
  record: DirectoryRecord,
  ...payloads: Parameters<typeof signStatement>[0][]
): DirectoryRecord =>
  learnStatements(
    record,
    payloads.map((payload) => signStatement(payload, ada.ca)),
    SIGNERS,
  ).record;
const device = ({ deviceId, certPem: leaf }: TestLeaf, counter: number) =>
  ({ type: 'device', userId, time, deviceId, name: 'a device', leaf, counter }) as const;
const KNOWN = learn(EMPTY_RECORD, device(ada.laptop, 1), device(ada.camera, 1));

const RENAME: RequestPayload = {
  ...{ type: 'rename-request', userId, time, from: ada.camera.deviceId, counter: 2 },
  ...{ deviceId: ada.laptop.deviceId, name: 'another name' },
};
const SHARE: RequestPayload = {
  ...{ type: 'share-request', userId, time, from: ada.camera.deviceId, counter: 1 },
  ...{ peerUserId: grace.ca.userId, ca: grace.ca.certPem },
  databases: [{ name: 'dmedia-0-novel', access: 'write' }],
};
const isOpen = (request: Request, record = KNOWN): boolean => isOpenRequest(record, userId, request);

for (const payload of [RENAME, SHARE])
  test(`a ${payload.type} is open until the statement is signed that it asks for, or a newer one`, () => {
    const request = parseRequest(formatSigned(signRequest(payload, ada.camera.keyPem)));
    assert.ok(!('problem' in request));
    assert.ok(isOpen(request));
    const done =
      payload.type === 'rename-request'
        ? learn(KNOWN, device(ada.laptop, 2))
        : learn(KNOWN, {
            ...{ type: 'share', userId, time, counter: 1 },
            ...{ peerUserId: payload.peerUserId, ca: payload.ca, databases: [] },
          });
    assert.ok(!isOpen(request, done));
  });

test('is of a device of this user that is not revoked, by its own key', () => {
  assert.ok(isOpen(signRequest(RENAME, ada.camera.keyPem)));
  assert.ok(!isOpen(signRequest(RENAME, ada.laptop.keyPem)));
  const revoked = learn(KNOWN, { type: 'revocation', userId, time, deviceId: ada.camera.deviceId });
  assert.ok(!isOpen(signRequest(RENAME, ada.camera.keyPem), revoked));
  const theirs = { ...RENAME, from: grace.laptop.deviceId };
  assert.ok(!isOpen(signRequest(theirs, grace.laptop.keyPem)));
  assert.ok(!isOpen(signRequest({ ...RENAME, userId: grace.ca.userId }, ada.camera.keyPem)));
});

test('is no statement, and no statement is a request', () => {
  const request = formatSigned(signRequest(SHARE, ada.camera.keyPem));
  assert.deepEqual(learnStatements(KNOWN, [request, { ...request, by: userId }], SIGNERS).taken, []);
  assert.deepEqual(parseRequest(signStatement(device(ada.camera, 2), ada.ca)), { problem: 'payload' });
  assert.deepEqual(parseRequest({ ...request, by: ada.laptop.deviceId }), { problem: 'by' });
  const other = { ...SHARE, peerUserId: ada.ca.userId };
  assert.deepEqual(parseRequest({ ...request, payload: JSON.stringify(other) }), { problem: 'certificate' });
});

test(`${MAX_REQUESTS} are looked at, and one more when others are settled`, () => {
  let record = KNOWN;
  const membership = {
    identity: () => ({ userId, deviceId: ada.laptop.deviceId }),
    directory: () => ({ local: () => ({ record }) }),
  } as unknown as Membership;
  const told: unknown[] = [];
  const requests = createRequests({
    ...{ membership, database: 'patchcord', client: () => null, now: () => now },
    tell: (event) => told.push(event),
  });
  const note = (number: number, counter = 2): void => {
    const request = signRequest({ ...RENAME, counter, name: `name ${number}` }, ada.camera.keyPem);
    requests.note(request.id, formatSigned(request));
    requests.announce();
  };
  for (let number = 0; number <= MAX_REQUESTS; number += 1) note(number);
  assert.deepEqual([requests.open().length, told.length], [MAX_REQUESTS, MAX_REQUESTS]);
  record = learn(record, device(ada.laptop, 2));
  note(MAX_REQUESTS, 3);
  assert.deepEqual([requests.open().length, told.length], [1, MAX_REQUESTS + 1]);
});
