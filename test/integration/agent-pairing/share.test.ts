// Two users share databases: what each side allowed is reached, and nothing else; all devices learn of it and of its end.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { callRpc } from '../../../dist/adapters/agent-socket/rpc-client.js';
import { failureOf, patchcord, startUp, type RunningUp, type TestHome } from '../../kit/agent.js';
import { agree, startOffer, startTaking, untilCompare } from '../../kit/pairing-commands.js';
import { ask, get } from '../../kit/raw-client.js';
import { atLoopback } from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';
import {
  couchOf,
  createUserHomes,
  devicesOf,
  reach,
  type LocalCouch,
  type TestMember,
  type UserHomes,
} from '../../kit/user-homes.js';
import { hashOf, put } from '../files/temp-store.js';

const NOVEL = 'dmedia-0-novel';

interface Household {
  readonly user: UserHomes;
  readonly laptop: TestMember;
  readonly up: RunningUp;
}

async function startHousehold(t: TestContext, name: string, more: string[] = []): Promise<Household> {
  const user = createUserHomes(t, [
    { name: `${name}’s laptop`, isHolder: true },
    ...more.map((one) => ({ name: one })),
  ]);
  const laptop = user.members[0] as TestMember;
  return { user, laptop, up: await startUp(laptop.home) };
}

/** As its administrator. */
async function askAsAdmin(home: TestHome, method: string, path: string): Promise<number> {
  const { username, password } = (await callRpc(home.paths.socket, 'couchdb-admin')) as Record<
    string,
    string
  >;
  const { url } = (await callRpc(home.paths.socket, 'couchdb')) as { url: string };
  const authorization = `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}`;
  return (await fetch(url + path, { method, headers: { authorization } })).status;
}

const statusOf = async (port: number, { leaf, key }: TestMember, target: string): Promise<number | null> =>
  (await ask(port, { cert: leaf, key: key.keyPem }, get(target)))?.status ?? null;

interface Told {
  /** Who was told that it has no such database yet. */
  readonly missing: readonly boolean[];
  /** What each was told of an earlier share. */
  readonly before: readonly unknown[];
}

async function share(ada: Household, grace: Household, mine: string, theirs: string): Promise<Told> {
  const offered = await startOffer(ada.laptop.home, ['share', mine]);
  const accepting = startTaking(grace.laptop.home, ['accept', theirs], offered);
  await agree(offered.command, accepting);
  for (const { code, stdout } of await Promise.all([offered.command.ended, accepting.ended]))
    assert.equal(code, 0, stdout);
  const commands = [offered.command, accepting];
  const told = await Promise.all(commands.map(untilCompare));
  return {
    missing: commands.map((one) => one.stdout().includes('"database-missing"')),
    before: told.map(({ before }) => before),
  };
}

/** A blob in Ada's store, and a document that names it. */
async function addFile(ada: Household, couch: LocalCouch, database: string, text: string): Promise<string> {
  const content = Buffer.from(text);
  const { id } = hashOf(content);
  put(ada.laptop.home.paths.store, id, content);
  await eventually(async () => ((await couch.put(`${database}/${id}`, { ver: 1 })) === 201 ? true : null));
  return id;
}

test('an outside device reaches what was shared and the files that it names, and nothing else', async (t) => {
  const [ada, grace] = [await startHousehold(t, 'Ada'), await startHousehold(t, 'Grace')];
  assert.equal(await askAsAdmin(ada.laptop.home, 'PUT', NOVEL), 201);
  const couch = await couchOf(ada.laptop.home);
  const [named, other] = [
    await addFile(ada, couch, NOVEL, 'a file of the novel'),
    await addFile(ada, couch, 'dmedia-0', 'a file of Ada’s own'),
  ];
  assert.equal(await statusOf(ada.up.port, grace.laptop, '/'), null);
  assert.deepEqual(await share(ada, grace, `${NOVEL}:write`, `${NOVEL}:read`), {
    missing: [false, true],
    before: [undefined, undefined],
  });

  const reply = await ask(
    ada.up.port,
    { cert: grace.laptop.leaf, key: grace.laptop.key.keyPem },
    get('/couch/_all_dbs'),
  );
  assert.deepEqual(JSON.parse(String(reply?.body)), [NOVEL]);
  const status = (target: string) => statusOf(ada.up.port, grace.laptop, target);
  // The credential of the role is looked at before its first use.
  await eventually(async () => ((await status(`/couch/${NOVEL}`)) === 200 ? true : null));
  for (const name of ['dmedia-0', 'patchcord', 'dmedia-0-other', '_users'])
    assert.equal(await status(`/couch/${name}`), 403, name);
  assert.equal(await status(`/files/${named}`), 200);
  assert.equal(await status(`/files/${other}`), 404);
  assert.equal(await statusOf(ada.up.port, ada.laptop, `/files/${other}`), 200);

  // Each granted what its own list said.
  const told = await devicesOf(grace.laptop.home);
  assert.deepEqual(told.shares, [
    { userId: ada.user.ca.userId, databases: [{ name: NOVEL, access: 'read' }] },
  ]);

  const device = ada.laptop.deviceId.slice(0, 8).toLowerCase();
  const limited = `_users/org.couchdb.user:patchcord-share-${grace.user.ca.userId}-${device}`;
  assert.equal(await askAsAdmin(ada.laptop.home, 'GET', limited), 200);
  const id = grace.user.ca.userId.slice(0, 8);
  // Nobody is there to be asked.
  assert.equal(failureOf(await patchcord(ada.laptop.home, ['unshare', id, '--json'])), 'needs-yes');
  assert.equal(await status('/'), 200);
  assert.equal((await patchcord(ada.laptop.home, ['unshare', id, '--yes', '--json'])).code, 0);
  assert.equal(await status('/'), null);
  const words = `refused ${grace.laptop.deviceId.slice(0, 8)} of user ${id} at ::1: nothing is shared with that user any more`;
  await eventually(async () =>
    (await patchcord(ada.laptop.home, ['status'])).stdout.includes(words) ? true : null,
  );
  // Its limited user ends with the share.
  assert.equal(await askAsAdmin(ada.laptop.home, 'GET', limited), 404);
  assert.deepEqual((await devicesOf(ada.laptop.home)).shares, []);
  assert.equal(failureOf(await patchcord(ada.laptop.home, ['unshare', id, '--json'])), 'no-such-user');
});

test('the user’s other devices learn of a share and of its end by the directory', async (t) => {
  const [ada, grace] = [await startHousehold(t, 'Ada', ['desktop']), await startHousehold(t, 'Grace')];
  const desktop = ada.user.members[1] as TestMember;
  desktop.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [ada.laptop.deviceId]: [atLoopback(ada.up.port)] } },
  });
  const far = await startUp(desktop.home);
  await reach(desktop.home, ada.laptop.deviceId);
  await share(ada, grace, `${NOVEL}:write`, `${NOVEL}:read`);
  await eventually(async () => ((await statusOf(far.port, grace.laptop, '/')) === 200 ? true : null));
  // Another one takes its place, and both people are told.
  const { before } = await share(ada, grace, 'dmedia-0-other:read', `${NOVEL}:write`);
  assert.deepEqual(before, [{ ends: [{ name: NOVEL, access: 'write' }] }, { ends: [] }]);
  assert.equal((await patchcord(ada.laptop.home, ['unshare', grace.user.ca.userId, '--yes'])).code, 0);
  await eventually(async () => ((await statusOf(far.port, grace.laptop, '/')) === null ? true : null));
});

test('no at one side shares nothing; the directory, and what is no grant, cannot be offered', async (t) => {
  const [ada, grace] = [await startHousehold(t, 'Ada'), await startHousehold(t, 'Grace')];
  const { home } = ada.laptop;
  const offered = await startOffer(home, ['share', `${NOVEL}:write`]);
  const accepting = startTaking(grace.laptop.home, ['accept', `${NOVEL}:write`], offered);
  const seen = await Promise.all([untilCompare(offered.command), untilCompare(accepting)]);
  for (const { question } of seen as unknown as { question: Record<string, unknown> }[])
    assert.deepEqual(
      [question['mine'], question['theirs']],
      [[{ name: NOVEL, access: 'write' }], [{ name: NOVEL, access: 'write' }]],
    );
  offered.command.type('yes\n');
  accepting.type('no\n');
  await Promise.all([offered.command.ended, accepting.ended]);
  for (const one of [ada, grace]) assert.deepEqual((await devicesOf(one.laptop.home)).shares, []);

  for (const [bad, code] of [
    ['patchcord:write', 'directory'],
    ['_users:read', 'no-database-name'],
    [NOVEL, 'database'],
    [`${NOVEL}:admin`, 'database'],
  ] as const)
    assert.equal(failureOf(await patchcord(home, ['share', bad, '--json'])), code, bad);
  // A code for the one is none for the other.
  const again = await startOffer(home, ['share', `${NOVEL}:write`]);
  const joining = startTaking(home, ['accept', `${NOVEL}:write`], { ...again, at: again.at });
  assert.equal(failureOf(await joining.ended), 'pairing-busy');
});
