// Which statements count, what follows from them, and when a leaf is renewed.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { signStatement } from '../../dist/adapters/pki/sign-statement.js';
import { issueLeaf } from '../../dist/adapters/pki/user-ca.js';
import { MAX_LINE_BYTES } from '../../dist/core/control/lines.js';
import {
  EMPTY_RECORD,
  MAX_OTHERS_REVOCATIONS,
  hasSignedOthers,
  isRevokedBy,
  learnStatements,
  nextCounter,
  statementsOf,
  type DirectoryRecord,
  type Signers,
} from '../../dist/core/directory/record.js';
import { dueForRenewal, isEnding, renewedLeaf } from '../../dist/core/directory/renewal.js';
import { shareName, viewDirectory, type ViewContext } from '../../dist/core/directory/view.js';
import type { DeviceId } from '../../dist/core/ids.js';
import {
  formatStatement,
  MAX_REVOCATION_BYTES,
  MAX_REVOCATIONS_PER_CA,
  type StatementDocument,
} from '../../dist/core/statements.js';
import { createTestPki, type TestLeaf, type TestUser } from '../kit/pki.js';

const pki = createTestPki();
const { ada, grace, stranger, now } = pki;
const DAY_MS = 24 * 3_600_000;
const time = now.toISOString();

const device = (leaf: TestLeaf, counter: number, name = 'a device', by: TestUser = ada) =>
  signStatement(
    {
      type: 'device',
      userId: by.ca.userId,
      time,
      deviceId: leaf.deviceId,
      name,
      leaf: leaf.certPem,
      counter,
    },
    by.ca,
  );
const revocation = (deviceId: DeviceId, by: TestUser = ada, at = time) =>
  signStatement({ type: 'revocation', userId: by.ca.userId, time: at, deviceId }, by.ca);
const keyHolder = (deviceId: DeviceId, by: TestUser = ada, at = time) =>
  signStatement({ type: 'key-holder', userId: by.ca.userId, time: at, deviceId }, by.ca);
type Databases = { name: string; access: 'read' | 'write' }[];
const share = (peer: TestUser, counter: number, databases: Databases, by: TestUser = ada) =>
  signStatement(
    {
      type: 'share',
      userId: by.ca.userId,
      time,
      peerUserId: peer.ca.userId,
      ca: peer.ca.certPem,
      databases,
      counter,
    },
    by.ca,
  );

const keyOf = ({ ca }: TestUser) => createPublicKey(ca.certPem);
const SIGNERS: Signers = {
  own: keyOf(ada),
  ownUserId: ada.ca.userId,
  others: new Map([[grace.ca.userId, keyOf(grace)]]),
};
const learn = (record: DirectoryRecord, ...documents: unknown[]): DirectoryRecord =>
  learnStatements(record, documents, SIGNERS).record;
const idsOf = (record: DirectoryRecord): string[] =>
  statementsOf(record)
    .map(({ id }) => id)
    .sort();

describe('what counts', () => {
  test('is signed by this user’s own CA, wherever it lies', () => {
    const good = learnStatements(EMPTY_RECORD, [device(ada.laptop, 1)], SIGNERS);
    assert.equal(good.taken.length, 1);
    const by = (user: TestUser) => device(user.laptop, 1, 'a device', user);
    const claimed = { ...by(stranger), by: ada.ca.userId };
    const renamed = { ...device(ada.laptop, 2) };
    renamed.payload = renamed.payload.replace('a device', 'another');
    for (const bad of [by(grace), by(stranger), claimed, renamed, null, 'text', { ...renamed, more: 1 }])
      assert.deepEqual(learnStatements(EMPTY_RECORD, [bad], SIGNERS), { record: EMPTY_RECORD, taken: [] });
    assert.equal(learn(EMPTY_RECORD, share(grace, 1, [])).shares.size, 1);
    assert.equal(learn(EMPTY_RECORD, share(ada, 1, [], grace)).shares.size, 0);
  });

  test('of another user’s CA, only revocations, and only of one that is trusted', () => {
    assert.equal(learn(EMPTY_RECORD, revocation(grace.laptop.deviceId, grace)).revocations.size, 1);
    assert.equal(learn(EMPTY_RECORD, revocation(grace.laptop.deviceId, stranger)).revocations.size, 0);
  });

  test('is the higher counter, and of equal ones the greater hash, in whatever order they come', () => {
    const [old, newer] = [device(ada.laptop, 1, 'old'), device(ada.laptop, 2, 'new')];
    const twins = [device(ada.laptop, 2, 'twin a'), device(ada.laptop, 2, 'twin b'), newer];
    const orders = [
      [old, ...twins],
      [...twins, old],
      [...twins].reverse(),
      [newer, old, ...twins.slice(0, 2)],
    ];
    const results = orders.map((order) => idsOf(learn(EMPTY_RECORD, ...order)));
    for (const result of results) assert.deepEqual(result, results[0]);
    const [held] = results[0] ?? [];
    const all = statementsOf(learn(EMPTY_RECORD, ...twins)).map(({ id }) => id);
    assert.deepEqual(all, [held]);
    const record = learn(EMPTY_RECORD, newer);
    assert.deepEqual(learnStatements(record, [old, newer], SIGNERS), { record, taken: [] });
  });

  test('a revocation stays, whatever comes after it', () => {
    const { deviceId } = ada.camera;
    const record = learn(EMPTY_RECORD, revocation(deviceId), device(ada.camera, 99));
    assert.ok(isRevokedBy(record, ada.ca.userId, deviceId));
    assert.ok(!isRevokedBy(record, grace.ca.userId, deviceId));
    assert.ok(!isRevokedBy(record, ada.ca.userId, ada.laptop.deviceId));
  });

  describe('of revocations', () => {
    const at = (index: number) => new Date(now.getTime() + index).toISOString();
    const many = (count: number, by: TestUser) =>
      Array.from({ length: count }, (_, index) => revocation(by.camera.deviceId, by, at(index)));
    const bothTrusted = {
      ...SIGNERS,
      others: new Map([...SIGNERS.others, [stranger.ca.userId, keyOf(stranger)]]),
    };
    const countWith = (record: DirectoryRecord, one: StatementDocument): number =>
      learnStatements(record, [one], bothTrusted).record.revocations.size;

    test('there is room for 1,000 of the own CA, and for half of 1,000 of the first other one', () => {
      const own = learn(EMPTY_RECORD, ...many(MAX_REVOCATIONS_PER_CA, ada));
      assert.equal(own.revocations.size, MAX_REVOCATIONS_PER_CA);
      assert.equal(countWith(own, revocation(ada.laptop.deviceId)), MAX_REVOCATIONS_PER_CA);
      const half = MAX_OTHERS_REVOCATIONS / 2;
      const full = learn(own, ...many(half, grace));
      assert.equal(full.revocations.size, MAX_REVOCATIONS_PER_CA + half);
      assert.equal(countWith(full, revocation(grace.laptop.deviceId, grace)), full.revocations.size);
      // Who fills that has not taken the next one's.
      const third = revocation(stranger.camera.deviceId, stranger);
      assert.equal(countWith(full, third), full.revocations.size + 1);
    });

    test('as many as there is room for fit into one line to the gateway, whatever spaces are in them', () => {
      const one = revocation(ada.camera.deviceId);
      const payload = one.payload.padEnd(MAX_REVOCATION_BYTES, '\n');
      const most = MAX_REVOCATIONS_PER_CA + MAX_OTHERS_REVOCATIONS;
      const line = JSON.stringify(Array.from({ length: most }, () => ({ ...one, payload })));
      const LEFT_FOR_THE_REST = 64 * 1024;
      assert.ok(Buffer.byteLength(line) < MAX_LINE_BYTES - LEFT_FOR_THE_REST);
    });
  });

  test('who has had the user CA key is said once, by this user’s own CA, and never undone', () => {
    const { deviceId } = ada.laptop;
    const record = learn(EMPTY_RECORD, keyHolder(deviceId), device(ada.laptop, 9));
    assert.deepEqual([...record.keyHolders.keys()], [deviceId]);
    const later = keyHolder(deviceId, ada, new Date(now.getTime() + 1).toISOString());
    const theirs = keyHolder(grace.laptop.deviceId, grace);
    assert.deepEqual(learnStatements(record, [later, theirs], SIGNERS), { record, taken: [] });
  });

  test('counters go on from what is held', () => {
    assert.equal(nextCounter(undefined), 1);
    const { devices } = learn(EMPTY_RECORD, device(ada.laptop, 7));
    assert.equal(nextCounter(devices.get(ada.laptop.deviceId)), 8);
  });

  test('whether a CA ever signed for others is seen', () => {
    const { deviceId } = ada.laptop;
    assert.equal(hasSignedOthers(learn(EMPTY_RECORD, device(ada.laptop, 1)), deviceId), false);
    assert.equal(hasSignedOthers(learn(EMPTY_RECORD, device(ada.camera, 1)), deviceId), true);
    assert.equal(hasSignedOthers(learn(EMPTY_RECORD, share(grace, 1, [])), deviceId), true);
  });
});

const CONTEXT: ViewContext = {
  userId: ada.ca.userId,
  deviceId: ada.laptop.deviceId,
  configuredCas: {},
  ownCa: ada.ca.certPem,
  directory: 'patchcord',
};

describe('what follows', () => {
  const NOVEL: Databases = [
    { name: 'dmedia-0-novel', access: 'write' },
    { name: 'novacut-0-novel', access: 'read' },
  ];

  test('from a share: a CA, a role for these databases and their files, a principal', () => {
    const view = viewDirectory(learn(EMPTY_RECORD, share(grace, 1, NOVEL)), CONTEXT);
    const name = shareName(grace.ca.userId);
    assert.deepEqual(view.cas, { [name]: grace.ca.certPem });
    assert.deepEqual(view.principals, [{ issuer: name, role: name }]);
    assert.deepEqual(view.roles[name], {
      databases: NOVEL.map((one) => ({ ...one, query: false, design: false })),
      files: { referencedIn: ['dmedia-0-novel', 'novacut-0-novel'] },
      credentials: name,
    });
  });

  test('from the end of a share: nothing any more, but its CA’s revocations are kept', () => {
    const revoked = revocation(grace.camera.deviceId, grace);
    const record = learn(EMPTY_RECORD, share(grace, 1, NOVEL), revoked, share(grace, 2, []));
    const view = viewDirectory(record, CONTEXT);
    assert.deepEqual([view.cas, view.roles, view.principals, view.revocations], [{}, {}, [], []]);
    assert.deepEqual(view.ended, [shareName(grace.ca.userId)]);
    const again = viewDirectory(learn(record, share(grace, 3, NOVEL)), CONTEXT);
    assert.deepEqual(again.revocations, [revoked]);
    assert.deepEqual(viewDirectory(learn(record, share(grace, 1, NOVEL)), CONTEXT).cas, {});
  });

  test('the directory is nobody else’s, even where a statement says so', () => {
    const both: Databases = [{ name: 'patchcord', access: 'write' }, ...NOVEL];
    const view = viewDirectory(learn(EMPTY_RECORD, share(grace, 1, both)), CONTEXT);
    assert.ok(!JSON.stringify(view.roles).includes('"patchcord"'));
    const alone = learn(EMPTY_RECORD, share(grace, 1, [{ name: 'patchcord', access: 'read' }]));
    assert.deepEqual(viewDirectory(alone, CONTEXT).principals, []);
    assert.equal(viewDirectory(alone, { ...CONTEXT, directory: 'other' }).principals.length, 1);
  });

  test('a user whom the configuration names is let in as it says, and no other way', () => {
    const configuredCas = { grace: grace.ca.certPem };
    const record = learn(EMPTY_RECORD, share(grace, 1, NOVEL), revocation(grace.camera.deviceId, grace));
    const view = viewDirectory(record, { ...CONTEXT, configuredCas });
    assert.deepEqual([view.cas, view.principals], [{}, []]);
    assert.equal(view.revocations.length, 1);
  });

  test('own devices are looked for, unless revoked; the name is what was said last', () => {
    const record = learn(
      EMPTY_RECORD,
      device(ada.laptop, 1, 'Ada’s laptop'),
      device(ada.desktop, 1),
      device(ada.camera, 1),
      revocation(ada.camera.deviceId),
    );
    const view = viewDirectory(record, CONTEXT);
    assert.equal(view.name, 'Ada’s laptop');
    assert.deepEqual(view.known, [ada.desktop.deviceId]);
    const [revoked] = [...record.revocations.values()].map(formatStatement) as [StatementDocument];
    assert.deepEqual(view.revocations, [revoked]);
  });
});

describe('renewal', () => {
  const record = learn(EMPTY_RECORD, device(ada.laptop, 1), device(ada.camera, 1));
  const after = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
  const due = (held: DirectoryRecord, days: number): DeviceId[] =>
    dueForRenewal(held, ada.ca.userId, after(days)).map(({ payload }) => payload.deviceId);
  // 825 days from a day before: a third is 275.
  const THIRD_LEFT = 824 - 275;

  test('is due when less than a third of the life is left', () => {
    assert.deepEqual(due(record, THIRD_LEFT - 1), []);
    assert.deepEqual(due(record, THIRD_LEFT + 1).sort(), [ada.laptop.deviceId, ada.camera.deviceId].sort());
  });

  test('is for no revoked device', () => {
    const held = learn(record, revocation(ada.camera.deviceId));
    assert.deepEqual(due(held, THIRD_LEFT + 1), [ada.laptop.deviceId]);
  });

  test('people are warned from 60 days before the end', () => {
    const end = { notAfter: after(824) };
    assert.equal(isEnding(end, after(824 - 61)), false);
    assert.equal(isEnding(end, after(824 - 59)), true);
    assert.equal(isEnding(end, after(825)), true);
  });

  test('a device takes a leaf of its own key and CA, good now, that lasts longer, and no other', () => {
    const own = { certPem: ada.laptop.certPem, caPem: ada.ca.certPem };
    const at = after(THIRD_LEFT);
    const made = (user: TestUser, leaf: TestLeaf, when = at) =>
      issueLeaf({ ca: user.ca, publicKey: leaf.publicKey, now: when });
    const offered = (leafPem: string, leaf = ada.laptop): string | null => {
      const held = learn(EMPTY_RECORD, device({ ...leaf, certPem: leafPem }, 2));
      return renewedLeaf(held.devices.get(leaf.deviceId), own, at);
    };
    const good = made(ada, ada.laptop);
    assert.equal(offered(good), good);
    assert.equal(offered(made(ada, ada.camera), ada.camera), null);
    assert.equal(offered(made(stranger, ada.laptop)), null);
    assert.equal(offered(made(ada, ada.laptop, after(THIRD_LEFT + 5))), null);
    assert.equal(offered(ada.laptop.certPem), null);
    assert.equal(renewedLeaf(undefined, own, at), null);
  });
});
