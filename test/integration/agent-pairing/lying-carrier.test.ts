// A gateway that lies to its launcher, on either side: what it swaps shows in the digits, and who says no to others'
// digits has signed and stored nothing. Each lie has its control: two people who do not compare are deceived.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { randomBytes, X509Certificate } from 'node:crypto';
import { createCsr } from '../../../dist/adapters/pki/csr.js';
import { createDeviceKey } from '../../../dist/adapters/pki/keys.js';
import { createUserCa, issueLeaf } from '../../../dist/adapters/pki/user-ca.js';
import { openMembership, type Membership } from '../../../dist/agent/directory/membership.js';
import { readIdentity } from '../../../dist/agent/home/identity.js';
import { NO_REQUESTS } from '../../../dist/agent/directory/requests.js';
import { addDevice } from '../../../dist/agent/pairing/add-device.js';
import { joinUser } from '../../../dist/agent/pairing/join-user.js';
import { shareDatabases } from '../../../dist/agent/pairing/share-databases.js';
import type { Ended } from '../../../dist/agent/pairing/talk.js';
import { commitmentOf } from '../../../dist/core/pairing/launcher/digits.js';
import { formatGrant, type SharedDatabase } from '../../../dist/core/pairing/launcher/grant.js';
import { NONCE_BYTES, type LauncherMessage } from '../../../dist/core/pairing/launcher/messages.js';
import { createTestHome, type TestHome } from '../../kit/agent.js';
import { createCarrier, createPerson, type Carrier, type Side, type Swap } from '../../kit/carrier.js';
import { createUserHomes, type TestMember, type UserHomes } from '../../kit/user-homes.js';

const CODE = 'K7QX-20AB';
const now = (): Date => new Date();

async function membershipOf({ home }: TestMember): Promise<Membership> {
  const identity = await readIdentity(home.paths.identity);
  assert.ok(identity);
  return openMembership({
    paths: home.paths,
    settings: { directory: 'patchcord', trust: { cas: {}, certs: {}, revoked: [] } },
    identity,
  });
}

interface JoinLab {
  readonly user: UserHomes;
  readonly membership: Membership;
  readonly newHome: TestHome;
  readonly carrier: Carrier;
  readonly people: ReturnType<typeof createPerson>[];
  readonly ends: Promise<[offerer: Ended, taker: Ended]>;
}

/** A laptop that holds the key, a camera that is new, and whoever is in between. */
async function startJoin(t: TestContext, swap: Swap, saidUser?: UserHomes['ca']): Promise<JoinLab> {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const laptop = user.members[0] as TestMember;
  const newHome = createTestHome(t);
  const membership = await membershipOf(laptop);
  const carrier = createCarrier({
    users: { offerer: null, taker: (saidUser ?? user.ca).userId },
    swap,
  });
  const [one, other] = [createPerson(), createPerson()];
  const offering = addDevice({
    control: carrier.control.offerer,
    talk: one.talk,
    paths: laptop.home.paths,
    membership,
    label: 'laptop',
    keyPassphrase: null,
    now,
  });
  const taking = joinUser({
    control: carrier.control.taker,
    talk: other.talk,
    paths: newHome.paths,
    identity: null,
    label: 'camera',
    offer: 'any',
    code: CODE,
    now,
  });
  return { user, membership, newHome, carrier, people: [one, other], ends: Promise.all([offering, taking]) };
}

const digitsOf = ({ people }: { people: JoinLab['people'] }): Promise<string[]> =>
  Promise.all(people.map(async ({ compare }) => (await compare).digits));
/** Two people who look: yes where the digits are the same. */
async function compareAndAnswer(lab: { people: JoinLab['people'] }): Promise<boolean> {
  const [here, there] = await digitsOf(lab);
  for (const person of lab.people) person.answer(here === there);
  return here === there;
}
const answerBlindly = async (lab: { people: JoinLab['people'] }): Promise<void> => {
  await digitsOf(lab);
  for (const person of lab.people) person.answer(true);
};
const signedDevices = ({ membership }: JoinLab): string[] => [
  ...membership.directory().local().record.devices.keys(),
];

const honest: Swap = (_, message) => [message];

/** A gateway that asks for a leaf of its own key in the place of the joiner's. */
function swapCsr(key = createDeviceKey()): { swap: Swap; deviceId: string } {
  const nonce = randomBytes(NONCE_BYTES);
  const csr = createCsr(key.keyPem);
  const swap: Swap = (_, message): readonly LauncherMessage[] => {
    if (message.type === 'commit') return [{ type: 'commit', commitment: commitmentOf(nonce, csr) }];
    return message.type === 'open-csr' ? [{ type: 'open-csr', nonce, csr }] : [message];
  };
  return { swap, deviceId: key.deviceId };
}

/** A gateway of the joiner that makes it a device of a user of its own. */
function swapCa(): { swap: Swap; ca: UserHomes['ca'] } {
  const ca = createUserCa({ now: now() });
  const der = new X509Certificate(ca.certPem).raw;
  const swap: Swap = (from, message, carrier) => {
    if (message.type === 'ca') return [{ ...message, ca: der }];
    if (message.type !== 'leaf') return [message];
    const opened = carrier.heard.find(({ message: { type } }) => type === 'open-csr')?.message;
    assert.ok(opened?.type === 'open-csr' && from === 'offerer');
    const publicKey = Buffer.from(opened.csr).subarray(...spkiIn(opened.csr));
    return [{ type: 'leaf', leaf: issueLeaf({ ca, publicKey, now: now() }), statements: [] }];
  };
  return { swap, ca };
}

const SPKI_BYTES = 91;
function spkiIn(csr: Uint8Array): [number, number] {
  const at = Buffer.from(csr).indexOf(Buffer.from('3059301306072a8648ce3d0201', 'hex'));
  return [at, at + SPKI_BYTES];
}

describe('a device that joins', () => {
  test('with an honest gateway: the digits are the same, and what they are made over is signed', async (t) => {
    const lab = await startJoin(t, honest);
    assert.equal(await compareAndAnswer(lab), true);
    assert.deepEqual(
      (await lab.ends).map(({ outcome }) => outcome),
      ['done', 'done'],
    );
    const identity = await readIdentity(lab.newHome.paths.identity);
    assert.equal(identity?.userId, lab.user.ca.userId);
    assert.ok(signedDevices(lab).includes(identity.deviceId));
  });

  test('whose request was swapped: the digits differ, and nothing is signed', async (t) => {
    const lab = await startJoin(t, swapCsr().swap);
    assert.equal(await compareAndAnswer(lab), false);
    await lab.ends;
    assert.equal(signedDevices(lab).length, 1);
    assert.ok(!existsSync(lab.newHome.paths.identity));
  });

  test('control: of two who do not compare, the swapped request is signed', async (t) => {
    const { swap, deviceId } = swapCsr();
    const lab = await startJoin(t, swap);
    await answerBlindly(lab);
    await lab.ends;
    assert.ok(signedDevices(lab).includes(deviceId));
    // And yet the joiner keeps no leaf that is not for its own key.
    assert.ok(!existsSync(lab.newHome.paths.identity));
  });

  test('whose user CA was swapped: the digits differ, and nothing is stored', async (t) => {
    const { swap, ca } = swapCa();
    const lab = await startJoin(t, swap, ca);
    assert.equal(await compareAndAnswer(lab), false);
    await lab.ends;
    assert.ok(!existsSync(lab.newHome.paths.identity));
    assert.equal(signedDevices(lab).length, 1);
  });

  test('control: of two who do not compare, the joiner becomes the attacker’s', async (t) => {
    const { swap, ca } = swapCa();
    const lab = await startJoin(t, swap, ca);
    await answerBlindly(lab);
    await lab.ends;
    assert.equal((await readIdentity(lab.newHome.paths.identity))?.userId, ca.userId);
  });

  test('is signed for once: neither a second request nor a repeated one gets anything', async (t) => {
    const attacker = swapCsr();
    const lab = await startJoin(t, (from, message, carrier) => {
      if (message.type === 'stored')
        for (const { message: heard } of carrier.heard) {
          carrier.say('offerer', heard);
          for (const swapped of attacker.swap(from, heard, carrier)) carrier.say('offerer', swapped);
        }
      return [message];
    });
    assert.equal(await compareAndAnswer(lab), true);
    await lab.ends;
    assert.equal(signedDevices(lab).length, 2);
    assert.ok(!signedDevices(lab).includes(attacker.deviceId));
  });

  test('whose person says nothing gets nothing, whatever the gateway says for them', async (t) => {
    const lab = await startJoin(t, honest);
    await digitsOf(lab);
    for (const side of ['offerer', 'taker'] as const) lab.carrier.say(side, { type: 'yes' });
    lab.people[1]?.answer(false);
    await lab.people[0]?.talk.stop();
    await lab.ends;
    assert.equal(signedDevices(lab).length, 1);
  });

  test('a leaf that a gateway made up, before or after the yes, is not kept', async (t) => {
    const stranger = createUserCa({ now: now() });
    const made = (csr: Uint8Array) => ({
      type: 'leaf' as const,
      leaf: issueLeaf({ ca: stranger, publicKey: Buffer.from(csr).subarray(...spkiIn(csr)), now: now() }),
      statements: [],
    });
    const lab = await startJoin(t, (_, message, carrier) => {
      if (message.type === 'open-csr') carrier.say('taker', made(message.csr));
      return [message];
    });
    const ends = await lab.ends.catch(() => null);
    assert.ok(ends === null || ends[1].outcome !== 'done');
    assert.ok(!existsSync(lab.newHome.paths.identity));
  });

  test('statements that come with a leaf count by their signature alone', async (t) => {
    const stranger = createUserHomes(t, [{ name: 'other', isHolder: true }]);
    const [other] = stranger.members as [TestMember];
    const lab = await startJoin(t, (_, message) =>
      message.type !== 'leaf'
        ? [message]
        : [
            {
              ...message,
              statements: [
                ...message.statements,
                stranger.deviceStatement(other, 9),
                stranger.revocation(other.deviceId),
                { ...stranger.revocation(other.deviceId), by: '3'.repeat(48) },
              ],
            },
          ],
    );
    assert.equal(await compareAndAnswer(lab), true);
    await lab.ends;
    const record = join(lab.newHome.paths.directory, `${lab.user.ca.userId}.json`);
    const text = readFileSync(record, 'utf8');
    assert.ok(text.includes('the taker') && text.includes('laptop'));
    assert.ok(!text.includes(other.deviceId));
  });

  test('clocks that are a day apart are mended first', async (t) => {
    const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
    const laptop = user.members[0] as TestMember;
    const membership = await membershipOf(laptop);
    const time = new Date(Date.now() - 24 * 3_600_000);
    const carrier = createCarrier({ users: { offerer: null, taker: user.ca.userId }, time });
    const person = createPerson();
    const offering = addDevice({
      control: carrier.control.offerer,
      talk: person.talk,
      paths: laptop.home.paths,
      membership,
      label: 'laptop',
      keyPassphrase: null,
      now,
    });
    await carrier.control.taker.call('pair-join', {});
    const { outcome, clocks } = await offering;
    assert.deepEqual([outcome, clocks?.there], ['clocks', time.toISOString()]);
  });
});

interface ShareLab {
  readonly users: readonly UserHomes[];
  readonly memberships: readonly Membership[];
  readonly people: JoinLab['people'];
  readonly ends: Promise<Ended[]>;
}

const NOVEL: SharedDatabase = { name: 'dmedia-0-novel', access: 'read' };

async function startShare(t: TestContext, swap: Swap): Promise<ShareLab> {
  const users = ['Ada', 'Grace'].map((name) => createUserHomes(t, [{ name, isHolder: true }]));
  const members = users.map((user) => user.members[0] as TestMember);
  const memberships = await Promise.all(members.map(membershipOf));
  const [ada, grace] = users as [UserHomes, UserHomes];
  const carrier = createCarrier({ users: { offerer: grace.ca.userId, taker: ada.ca.userId }, swap });
  const people = [createPerson(), createPerson()];
  const ends = (['offerer', 'taker'] as Side[]).map((side, index) =>
    shareDatabases({
      control: carrier.control[side],
      talk: (people[index] as JoinLab['people'][number]).talk,
      paths: (members[index] as TestMember).home.paths,
      membership: memberships[index] as Membership,
      label: side,
      requests: NO_REQUESTS,
      databases: [NOVEL],
      take: side === 'offerer' ? null : { offer: 'any', code: CODE },
      now,
    }),
  );
  return { users, memberships, people, ends: Promise.all(ends) };
}

/** A gateway of the taker that shows the offerer another list, or another CA. */
function swapGrant(
  caPem: (lab: UserHomes[]) => string,
  databases: SharedDatabase[],
  users: UserHomes[],
): Swap {
  const nonce = randomBytes(NONCE_BYTES);
  const grant = (): Uint8Array => formatGrant(caPem(users), databases);
  return (from, message) => {
    if (from !== 'taker') return [message];
    if (message.type === 'commit') return [{ type: 'commit', commitment: commitmentOf(nonce, grant()) }];
    return message.type === 'open-grant' ? [{ type: 'open-grant', nonce, grant: grant() }] : [message];
  };
}

const sharesOf = (membership: Membership | undefined) =>
  [...(membership?.directory().local().record.shares.values() ?? [])].map(({ payload }) => ({
    user: payload.peerUserId,
    databases: payload.databases,
  }));

describe('two users who share', () => {
  test('with an honest gateway: each grants its own list', async (t) => {
    const lab = await startShare(t, honest);
    assert.equal(await compareAndAnswer(lab), true);
    await lab.ends;
    const [ada, grace] = lab.users;
    assert.deepEqual(sharesOf(lab.memberships[0]), [{ user: grace?.ca.userId, databases: [NOVEL] }]);
    assert.deepEqual(sharesOf(lab.memberships[1]), [{ user: ada?.ca.userId, databases: [NOVEL] }]);
  });

  test('with a list that was swapped: the digits differ, and nothing is granted', async (t) => {
    const users: UserHomes[] = [];
    const wide: SharedDatabase[] = [{ name: 'dmedia-0', access: 'write' }];
    const lab = await startShare(
      t,
      swapGrant((all) => all[1]?.ca.certPem ?? '', wide, users),
    );
    users.push(...lab.users);
    assert.equal(await compareAndAnswer(lab), false);
    await lab.ends;
    for (const membership of lab.memberships) assert.deepEqual(sharesOf(membership), []);
  });

  test('control: of two who do not compare, the swapped list is believed, and still only the own one granted', async (t) => {
    const users: UserHomes[] = [];
    const wide: SharedDatabase[] = [{ name: 'dmedia-0', access: 'write' }];
    const swap = swapGrant((all) => all[1]?.ca.certPem ?? '', wide, users);
    const lab = await startShare(t, swap);
    users.push(...lab.users);
    await answerBlindly(lab);
    await lab.ends;
    const question = (await lab.people[0]?.compare)?.question;
    assert.deepEqual(question?.about === 'share' && question.theirs, wide);
    assert.deepEqual(sharesOf(lab.memberships[0])[0]?.databases, [NOVEL]);
  });

  test('with a CA that is not the user’s who was proved: refused before anyone is asked', async (t) => {
    const users: UserHomes[] = [];
    const stranger = createUserCa({ now: now() });
    const lab = await startShare(
      t,
      swapGrant(() => stranger.certPem, [NOVEL], users),
    );
    assert.equal((await lab.ends)[0]?.outcome, 'ca');
    for (const membership of lab.memberships) assert.deepEqual(sharesOf(membership), []);
  });
});
