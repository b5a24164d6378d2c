// An `up` whose gateway was taken over and says whatever it likes: nothing is signed, made, pulled or stored by it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { createCsr } from '../../../dist/adapters/pki/csr.js';
import { createDeviceKey } from '../../../dist/adapters/pki/keys.js';
import { signRequest } from '../../../dist/adapters/pki/sign-request.js';
import { createUserCa } from '../../../dist/adapters/pki/user-ca.js';
import { askAgentIfUp } from '../../../dist/agent/rpc/ask-agent.js';
import { encodeDbase32 } from '../../../dist/core/dbase32.js';
import { commitmentOf } from '../../../dist/core/pairing/launcher/digits.js';
import {
  formatLauncherMessage,
  NONCE_BYTES,
  parseLauncherMessage,
  type LauncherMessage,
} from '../../../dist/core/pairing/launcher/messages.js';
import { formatSigned } from '../../../dist/core/signed-text.js';
import { isEvent, startPatchcord, type Command } from '../../kit/agent.js';
import { createFakeGateway, type FakeGateway } from '../../kit/fake-gateway.js';
import { eventually } from '../../kit/until.js';
import {
  couchOf,
  createUserHomes,
  devicesOf,
  readRecordText,
  type TestMember,
  type UserHomes,
} from '../../kit/user-homes.js';

interface Lab {
  readonly user: UserHomes;
  readonly laptop: TestMember;
  readonly camera: TestMember;
  readonly gateway: FakeGateway;
  readonly up: Command;
}

async function startLab(t: TestContext): Promise<Lab> {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }]);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const gateway = createFakeGateway(t);
  const up = startPatchcord(laptop.home, ['up', '--json'], { executable: gateway.executable });
  await up.untilLine(isEvent('ready'));
  return { user, laptop, camera, gateway, up };
}

const record = ({ laptop, user }: Lab): string => readRecordText(laptop.home, user.ca);
/** What the gateway was told last that nobody may pass. */
async function revocationsTold({ gateway }: Lab): Promise<unknown> {
  const last = (await gateway.calls()).findLast(({ method }) => method === 'reload');
  return (last?.params?.['trust'] as { revocations: unknown[] } | undefined)?.revocations;
}

test('of the revocations that it says were learned, only those count that a CA signed', async (t) => {
  const lab = await startLab(t);
  const { user, laptop, camera, gateway } = lab;
  const stranger = createUserHomes(t, [{ name: 'stranger', isHolder: true }]);
  const [theirs] = stranger.members as [TestMember];
  const before = record(lab);
  const good = user.revocation(camera.deviceId);
  const bad = [
    stranger.revocation(theirs.deviceId),
    { ...stranger.revocation(camera.deviceId), by: user.ca.userId },
    { ...good, signature: stranger.revocation(camera.deviceId).signature },
    stranger.deviceStatement({ ...laptop, name: 'evil' }, 99),
    stranger.shareStatement(user.ca, [{ name: 'dmedia-0', access: 'write' }], 9),
    null,
    'x',
    {},
  ];
  const learned = (revocations: unknown[]): void =>
    gateway.say({ event: 'revocations-learned', deviceId: camera.deviceId, revocations });
  learned(bad);
  learned(Array.from({ length: 5000 }, () => good));
  gateway.sayRaw('not JSON\n{"event":"revocations-learned"}\n');
  gateway.sayRaw(`${'x'.repeat(2 * 1024 * 1024)}\n`);
  // What is said after it was dealt with after it.
  gateway.say({ event: 'warning', code: 'discovery', message: 'seen' });
  await lab.up.untilLine((line) => line['message'] === 'seen');
  assert.equal(record(lab), before);

  // The twin, and a gateway that does not take it: it is stored all the same, and said not to hold there.
  gateway.answer('reload', { error: { code: -32602, message: 'no' } });
  learned([good]);
  await lab.up.untilLine(isEvent('not-in-force'));
  const [, there] = (await devicesOf(laptop.home)).devices;
  assert.equal(there?.revoked, 'everywhere');
  assert.deepEqual(await revocationsTold(lab), [good]);
  assert.ok(record(lab).includes('revocation'));
});

test('of runs that nobody opened, nothing comes', async (t) => {
  const lab = await startLab(t);
  const before = record(lab);
  const run = encodeDbase32(randomBytes(10));
  const say = (message: LauncherMessage): void =>
    lab.gateway.say({
      event: 'pair-data',
      run,
      data: Buffer.from(formatLauncherMessage(message)).toString('base64url'),
    });
  lab.gateway.say({ event: 'pair-proved', run, label: 'evil', userId: null });
  const csr = createCsr(createDeviceKey().keyPem);
  say({ type: 'commit', commitment: commitmentOf(new Uint8Array(NONCE_BYTES), csr) });
  say({ type: 'open-csr', nonce: new Uint8Array(NONCE_BYTES), csr });
  say({ type: 'yes' });
  lab.gateway.say({ event: 'warning', code: 'discovery', message: 'seen' });
  await lab.up.untilLine((line) => line['message'] === 'seen');
  assert.equal(record(lab), before);
  assert.ok(!(await lab.gateway.calls()).some(({ method }) => method === 'pair-send'));
});

interface Taken {
  readonly pair: Command;
  readonly deviceId: string;
}

/** A gateway that is told the code, and takes the offer itself, with a key of its own. */
async function takeOwnOffer({ laptop, gateway }: Lab): Promise<Taken> {
  const run = encodeDbase32(randomBytes(10));
  gateway.answer('pair-offer', { result: { run, offer: run, listeners: [] } });
  const pair = startPatchcord(laptop.home, ['pair', '--json']);
  await pair.untilLine(isEvent('offered'));
  const key = createDeviceKey();
  const [csr, nonce] = [createCsr(key.keyPem), randomBytes(NONCE_BYTES)];
  const say = (message: LauncherMessage): void =>
    gateway.say({
      event: 'pair-data',
      run,
      data: Buffer.from(formatLauncherMessage(message)).toString('base64url'),
    });
  gateway.say({ event: 'pair-proved', run, label: 'Ada’s camera', userId: null });
  say({ type: 'commit', commitment: commitmentOf(nonce, csr) });
  await eventually(() => sentTo(gateway, 'ca'));
  say({ type: 'open-csr', nonce, csr });
  say({ type: 'yes' });
  await pair.untilLine(isEvent('compare'));
  return { pair, deviceId: key.deviceId };
}

/** The last message of this type that the launcher had it carry. */
async function sentTo(gateway: FakeGateway, type: LauncherMessage['type']): Promise<LauncherMessage | null> {
  const sent = (await gateway.calls()).filter(({ method }) => method === 'pair-send');
  const messages = sent.map(({ params }) =>
    parseLauncherMessage(Buffer.from(String(params?.['data']), 'base64url')),
  );
  return messages.findLast((message) => message?.type === type) ?? null;
}

test('one that takes the offer itself gets nothing signed by a person who sees no such digits elsewhere', async (t) => {
  const lab = await startLab(t);
  const before = record(lab);
  const { pair } = await takeOwnOffer(lab);
  assert.equal(record(lab), before);
  pair.type('no\n');
  await pair.ended;
  assert.equal(record(lab), before);
  assert.equal(await sentTo(lab.gateway, 'leaf'), null);
});

test('control: a person who says yes without looking has signed for it', async (t) => {
  const lab = await startLab(t);
  const { pair, deviceId } = await takeOwnOffer(lab);
  pair.type('yes\n');
  await eventually(() => sentTo(lab.gateway, 'leaf'));
  assert.ok((await devicesOf(lab.laptop.home)).devices.some((device) => device.deviceId === deviceId));
  pair.kill('SIGINT');
  await pair.ended;
});

test('one that says a run ended, and goes on with it, gets nothing signed after that', async (t) => {
  const lab = await startLab(t);
  const before = record(lab);
  const { pair } = await takeOwnOffer(lab);
  const calls = await lab.gateway.calls();
  const run = calls.findLast(({ method }) => method === 'pair-send')?.params?.['run'];
  lab.gateway.say({ event: 'pair-ended', run, reason: 'lost' });
  pair.type('yes\n');
  await pair.ended;
  assert.equal(record(lab), before);
});

test('the CA key is never in what it is told', async (t) => {
  const lab = await startLab(t);
  const { pair } = await takeOwnOffer(lab);
  pair.type('yes\n');
  await eventually(() => sentTo(lab.gateway, 'leaf'));
  const secret = lab.user.ca.keyPem.split('\n')[1] ?? '';
  assert.ok(secret.length > 40);
  const told = (await lab.gateway.calls()).map((call) => JSON.stringify(call)).join('\n');
  assert.ok(!told.includes(secret));
  const leaf = await sentTo(lab.gateway, 'leaf');
  assert.ok(leaf?.type === 'leaf' && leaf.caKey === undefined);
  pair.kill('SIGINT');
  await pair.ended;
});

interface PeerStreams {
  /** Who was asked for what, as `{device}/{path}`. */
  readonly asked: readonly string[];
}

/** In the place of the peer streams: every peer has every one of these databases, all of them empty. */
async function startPeerStreams(
  t: TestContext,
  { laptop }: Lab,
  databases: readonly string[],
): Promise<PeerStreams> {
  const { port } = JSON.parse(readFileSync(laptop.home.paths.peerStreams, 'utf8')) as { port: number };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const target = (request.url ?? '').replace(/^\/peers\//, '').replace(/\?.*/, '');
    asked.push(target);
    const name = decodeURIComponent(target.split('/')[2] ?? '');
    const body =
      name === '_all_dbs' ? databases : { db_name: name, results: [], last_seq: 0, pending: 0, doc_count: 0 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked };
}

test('of the peers and databases that it makes up, none is made or pulled that the own policy does not grant', async (t) => {
  const lab = await startLab(t);
  const { user, laptop, camera, gateway, up } = lab;
  const phone = createDeviceKey();
  const outside = createUserHomes(t, [{ name: 'outside', isHolder: true }]).members[0] as TestMember;
  // One that was revoked, and one of a user with whom a database may be read, and not more.
  gateway.say({
    event: 'revocations-learned',
    deviceId: camera.deviceId,
    revocations: [user.revocation(phone.deviceId)],
  });
  await up.untilLine(isEvent('device-revoked'));
  const granted = 'dmedia-0-made';
  const offered = [granted, 'secret', 'dmedia-1', 'dmedia-0x', '_users', '_replicator', 'Dmedia-0-x', '../x'];
  const { asked } = await startPeerStreams(t, lab, offered);
  const connect = (deviceId: string, issuer: string): void =>
    gateway.say({
      event: 'peer-reached',
      deviceId,
      principal: { deviceId, role: 'own-device', issuer },
      ...{ address: 'fe80::1', zone: 'near0', port: 1 },
    });
  const seenTwice = (deviceId: string): Promise<true> =>
    eventually(() =>
      asked.filter((target) => target === `${deviceId}/couch/_all_dbs`).length > 1 ? true : null,
    );
  // A role that it names is not taken at its word; nor is one for a revoked device, or an issuer that nobody trusts.
  for (const [deviceId, issuer] of [
    [phone.deviceId, 'user'],
    [outside.deviceId, 'nobody'],
  ] as const) {
    connect(deviceId, issuer);
    await eventually(() => (asked.includes(`${deviceId}/couch/_all_dbs`) ? true : null));
    connect(deviceId, issuer);
    await seenTwice(deviceId);
  }
  assert.deepEqual(await databasesAt(laptop), FIRST_DATABASES);

  // The twin: an own device, and what the own policy lets it write. Nothing else of what it has.
  connect(camera.deviceId, 'user');
  await up.untilLine(isEvent('database-made'));
  await eventually(async () => ((await databasesAt(laptop)).includes(granted) ? true : null));
  assert.deepEqual(await databasesAt(laptop), [granted, ...FIRST_DATABASES].sort());
  await eventually(() =>
    asked.some((one) => one === `${camera.deviceId}/couch/${granted}/_changes`) ? true : null,
  );
  const pulled = asked.filter((target) => target.includes('_changes'));
  assert.ok(
    pulled.every((target) => target === `${camera.deviceId}/couch/${granted}/_changes`),
    pulled.join(),
  );
});

const FIRST_DATABASES = ['dmedia-0', 'patchcord'];

async function databasesAt({ home }: TestMember): Promise<readonly string[]> {
  const { databases } = (await askAgentIfUp(home.paths, 'status'))?.couchdb ?? {};
  return [...(databases ?? [])].sort();
}

test('what it asks for with the key of its leaf is told to the person, and nothing is signed', async (t) => {
  const lab = await startLab(t);
  const { user, laptop, up } = lab;
  const attacker = createUserCa({ now: new Date() });
  const before = record(lab);
  const request = signRequest(
    {
      ...{ type: 'share-request', userId: user.ca.userId, time: new Date().toISOString() },
      ...{ from: laptop.deviceId, counter: 1, peerUserId: attacker.userId, ca: attacker.certPem },
      databases: [{ name: 'dmedia-0', access: 'write' }],
    },
    laptop.key.keyPem,
  );
  // It has the limited credential, too.
  const couch = await couchOf(laptop.home);
  assert.equal(await couch.put(`patchcord/${request.id}`, formatSigned(request)), 201);
  const told = await up.untilLine(isEvent('request-known'));
  assert.equal(told['from'], laptop.deviceId);
  assert.equal(record(lab), before);
  assert.deepEqual((await devicesOf(laptop.home)).shares, []);
});
