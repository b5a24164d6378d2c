// Either side of a pairing, and a revocation, killed at each operation on the disk: what is left is the old state or the
// new one, whole, and the same can be done again.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { createDirectoryHandlers } from '../../../dist/agent/directory/handlers.js';
import { openMembership, type Membership } from '../../../dist/agent/directory/membership.js';
import { NO_REQUESTS } from '../../../dist/agent/directory/requests.js';
import { caKeyKind } from '../../../dist/agent/home/ca-key.js';
import { findIdentity, openHome } from '../../../dist/agent/home/home.js';
import type { Identity } from '../../../dist/agent/home/identity.js';
import { addDevice } from '../../../dist/agent/pairing/add-device.js';
import { joinUser } from '../../../dist/agent/pairing/join-user.js';
import { shareDatabases } from '../../../dist/agent/pairing/share-databases.js';
import { createTestHome, type TestHome } from '../../kit/agent.js';
import { createCarrier, createPerson, type Side, type TestPerson } from '../../kit/carrier.js';
import { killedAtEach } from '../../kit/killed-disk.js';
import { createUserHomes, type TestMember, type UserHomes } from '../../kit/user-homes.js';

const CODE = 'K7QX-20AB';
const now = (): Date => new Date();
const SIDES: readonly Side[] = ['offerer', 'taker'];

/** As the next process finds it. */
async function reopen(home: TestHome): Promise<{ identity: Identity; membership: Membership }> {
  const identity = await findIdentity(home.paths);
  assert.ok(identity);
  const settings = { directory: 'patchcord', trust: { cas: {}, certs: {}, revoked: [] } };
  return { identity, membership: await openMembership({ paths: home.paths, settings, identity }) };
}

/** Both people see the same digits, and say yes. */
async function agree(people: Readonly<Record<Side, TestPerson>>): Promise<void> {
  const [here, there] = await Promise.all(SIDES.map((side) => people[side].compare));
  assert.equal(here?.digits, there?.digits);
  for (const side of SIDES) people[side].answer(true);
}

interface Homes {
  readonly user: UserHomes;
  /** Holds the CA key; and a new device, with a user of its own. */
  readonly offerer: TestHome;
  readonly taker: TestHome;
}

async function createHomes(t: TestContext): Promise<Homes> {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const taker = createTestHome(t);
  await openHome(taker.paths, now());
  return { user, offerer: (user.members[0] as TestMember).home, taker };
}

/** Whether both sides came to the end; `doomed` is told who the people are. */
async function join(
  { user, offerer, taker }: Homes,
  doomed: (people: Readonly<Record<Side, TestPerson>>) => void = () => undefined,
): Promise<boolean> {
  const { membership } = await reopen(offerer);
  const { identity } = await reopen(taker);
  const { control } = createCarrier({ users: { offerer: null, taker: user.ca.userId } });
  const people = { offerer: createPerson(), taker: createPerson() };
  const part = (side: Side) => ({ control: control[side], talk: people[side].talk, label: side, now });
  doomed(people);
  const ends = Promise.all([
    addDevice({ ...part('offerer'), paths: offerer.paths, membership, keyPassphrase: null }),
    joinUser({ ...part('taker'), paths: taker.paths, identity, offer: 'any', code: CODE }),
  ]);
  await agree(people);
  return (await ends).every(({ outcome }) => outcome === 'done');
}

for (const side of SIDES)
  test(`a device joins, and the ${side} is killed at each step`, async (t) => {
    const seen: boolean[] = [];
    const steps = await killedAtEach(async (arm) => {
      const homes = await createHomes(t);
      const before = (await reopen(homes.taker)).identity;
      let disarm = (): void => undefined;
      await join(homes, (people) => {
        disarm = arm(String(homes[side].env['HOME']), () => void people[side].talk.stop());
      });
      disarm();
      const { identity } = await reopen(homes.taker);
      const { deviceId, userId } = identity;
      assert.equal(deviceId, before.deviceId);
      const isNew = userId === homes.user.ca.userId;
      assert.ok(isNew || userId === before.userId);
      // The own CA is put aside with its key, and not lost.
      assert.equal(
        readdirSync(isNew ? homes.taker.paths.retired : homes.taker.paths.identity).length > 0,
        true,
      );
      assert.equal(await caKeyKind(homes.taker.paths), isNew ? 'none' : 'plain');
      const { record } = (await reopen(homes.offerer)).membership.directory().local();
      // Who has a leaf is known: the statement was stored before the leaf was handed over.
      assert.ok(!isNew || record.devices.has(deviceId));
      seen.push(isNew);
      assert.equal(await join(homes), true);
      assert.equal((await reopen(homes.taker)).identity.userId, homes.user.ca.userId);
    });
    assert.ok(steps > 3, 'it was never killed');
    // From the first step at which it is new, it is new at every later one.
    const first = seen.indexOf(true);
    assert.ok(first > 0 && seen.slice(first).every(Boolean), String(seen));
  });

interface Sharers {
  readonly users: Readonly<Record<Side, UserHomes>>;
  readonly homes: Readonly<Record<Side, TestHome>>;
}

function createSharers(t: TestContext): Sharers {
  const users = {
    offerer: createUserHomes(t, [{ name: 'Ada', isHolder: true }]),
    taker: createUserHomes(t, [{ name: 'Grace', isHolder: true }]),
  };
  const homeOf = ({ members }: UserHomes): TestHome => (members[0] as TestMember).home;
  return { users, homes: { offerer: homeOf(users.offerer), taker: homeOf(users.taker) } };
}

async function share(
  { users, homes }: Sharers,
  doomed: (people: Readonly<Record<Side, TestPerson>>) => void = () => undefined,
): Promise<boolean> {
  const { control } = createCarrier({
    users: { offerer: users.taker.ca.userId, taker: users.offerer.ca.userId },
  });
  const people = { offerer: createPerson(), taker: createPerson() };
  const memberships = {
    offerer: (await reopen(homes.offerer)).membership,
    taker: (await reopen(homes.taker)).membership,
  };
  doomed(people);
  const ends = SIDES.map((side) =>
    shareDatabases({
      ...{ control: control[side], talk: people[side].talk, label: side, now },
      ...{ paths: homes[side].paths, membership: memberships[side], requests: NO_REQUESTS },
      databases: [{ name: 'dmedia-0-novel', access: 'write' }],
      take: side === 'offerer' ? null : { offer: 'any', code: CODE },
    }),
  );
  await agree(people);
  return (await Promise.all(ends)).every(({ outcome }) => outcome === 'done');
}

for (const side of SIDES)
  test(`two users share, and the ${side} is killed at each step`, async (t) => {
    const seen: boolean[] = [];
    const steps = await killedAtEach(async (arm) => {
      const sharers = createSharers(t);
      let disarm = (): void => undefined;
      await share(sharers, (people) => {
        disarm = arm(String(sharers.homes[side].env['HOME']), () => void people[side].talk.stop());
      });
      disarm();
      const { membership } = await reopen(sharers.homes[side]);
      const shares = [...membership.directory().local().record.shares.values()];
      for (const { payload } of shares)
        assert.deepEqual(payload.databases, [{ name: 'dmedia-0-novel', access: 'write' }]);
      seen.push(shares.length === 1);
      assert.equal(await share(sharers), true);
    });
    assert.ok(steps > 2, 'it was never killed');
    const first = seen.indexOf(true);
    assert.ok(first > 0 && seen.slice(first).every(Boolean), String(seen));
  });

test('a revocation makes a new user, and is killed at each step', async (t) => {
  const seen: boolean[] = [];
  const steps = await killedAtEach(async (arm) => {
    const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'desktop' }]);
    const [{ home }, desktop] = user.members as [TestMember, TestMember];
    const revoke = async () => {
      const { membership } = await reopen(home);
      const handlers = createDirectoryHandlers({ paths: home.paths, membership, now });
      return handlers.revoke({ device: desktop.deviceId, heldCaKey: true, passphrase: null });
    };
    let disarm = (): void => undefined;
    await new Promise<void>((resolve) => {
      disarm = arm(String(home.env['HOME']), resolve);
      void revoke().then(() => resolve());
    });
    disarm();
    const { identity, membership } = await reopen(home);
    const isNew = identity.userId !== user.ca.userId;
    assert.equal(identity.deviceId, (user.members[0] as TestMember).deviceId);
    assert.equal(await caKeyKind(home.paths), 'plain');
    const { record } = membership.directory().local();
    assert.ok(!isNew || record.revocations.size === 1);
    seen.push(isNew);
    if (!isNew) assert.ok((await revoke()).newUserId);
  });
  assert.ok(steps > 3, 'it was never killed');
  const first = seen.indexOf(true);
  assert.ok(first > 0 && seen.slice(first).every(Boolean), String(seen));
});
