// The directory as the agent keeps it: what counts is stored, holds, and reaches other devices; what does not, does
// nothing, wherever it lies.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { createUserCa, issueLeaf } from '../../../dist/adapters/pki/user-ca.js';
import { createDeviceKey } from '../../../dist/adapters/pki/keys.js';
import { signStatement } from '../../../dist/adapters/pki/sign-statement.js';
import { recordPath } from '../../../dist/agent/directory/record-file.js';
import { askAgentIfUp } from '../../../dist/agent/rpc/ask-agent.js';
import type { StatementDocument } from '../../../dist/core/statements.js';
import { failureOf, isEvent, linesOf, patchcord, startUp, type TestHome } from '../../kit/agent.js';
import { ask, get } from '../../kit/raw-client.js';
import { atLoopback } from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';
import {
  couchOf,
  createUserHomes,
  devicesOf,
  reach,
  readRecordText,
  writeRecord,
  type LocalCouch,
  type TestMember,
  type ToldDevices,
} from '../../kit/user-homes.js';

const DAY_MS = 24 * 3_600_000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY_MS);

const idOf = ({ payload }: StatementDocument): string => createHash('sha256').update(payload).digest('hex');
const putStatement = (
  couch: LocalCouch,
  statement: StatementDocument,
  id = idOf(statement),
): Promise<number> => couch.put(`patchcord/${id}`, statement);
const nameIn = ({ devices }: ToldDevices, { deviceId }: TestMember): string | undefined =>
  devices.find((device) => device.deviceId === deviceId)?.name;
const revokedIn = ({ devices }: ToldDevices, { deviceId }: TestMember): string | undefined =>
  devices.find((device) => device.deviceId === deviceId)?.revoked;
const isLetIn = async (port: number, { leaf, key }: TestMember): Promise<boolean> =>
  (await ask(port, { cert: leaf, key: key.keyPem }, get('/')))?.status === 200;

test('a rename is signed, published, pulled by other devices, and survives a restart', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }]);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const up = await startUp(laptop.home);
  camera.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [laptop.deviceId]: [atLoopback(up.port)] } },
  });
  await startUp(camera.home);
  await reach(camera.home, laptop.deviceId);
  assert.equal((await patchcord(laptop.home, ['rename', 'camera', 'Ada’s camera', '--json'])).code, 0);
  await eventually(async () =>
    nameIn(await devicesOf(camera.home), camera) === 'Ada’s camera' ? true : null,
  );
  // From then on it is told by that name, beside its id: where it connects, and by itself.
  const seen = (await askAgentIfUp(laptop.home.paths, 'status'))?.connections;
  assert.ok(seen?.some(({ name }) => name === 'Ada’s camera'));
  const asked = (await askAgentIfUp(camera.home.paths, 'status'))?.peers;
  assert.deepEqual(
    asked?.map(({ deviceId, name }) => [deviceId, name]),
    [[laptop.deviceId, 'laptop']],
  );
  const [made] = linesOf((await patchcord(camera.home, ['init', '--json'])).stdout);
  assert.equal(made?.['name'], 'Ada’s camera');

  up.kill('SIGKILL');
  await up.ended;
  assert.equal(nameIn(await devicesOf(laptop.home), camera), 'Ada’s camera');
  // Without an `up`, it is signed all the same, and published by the next one.
  assert.equal((await patchcord(laptop.home, ['rename', camera.deviceId.slice(0, 6), 'again'])).code, 0);
  await startUp(laptop.home);
  const couch = await couchOf(laptop.home);
  const statements = JSON.parse(readRecordText(laptop.home, user.ca)) as { statements: StatementDocument[] };
  const renamed = statements.statements.find(({ payload }) => payload.includes('"again"'));
  assert.ok(renamed);
  await eventually(async () =>
    (await couch.get(`patchcord/${idOf(renamed)}`)).status === 200 ? true : null,
  );
});

test('what is unclear, unknown or not signed for is refused', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'twin' }, { name: 'twin' }]);
  const [laptop, twin] = user.members as [TestMember, TestMember];
  const codeOf = async (home: TestHome, ...args: string[]): Promise<string> =>
    failureOf(await patchcord(home, [...args, '--json']));
  assert.equal(await codeOf(laptop.home, 'rename', 'twin', 'x'), 'ambiguous-device');
  assert.equal(await codeOf(laptop.home, 'rename', 'nobody', 'x'), 'no-such-device');
  assert.equal(await codeOf(laptop.home, 'rename', twin.deviceId, 'x\u202ey'), 'name');
  assert.equal(await codeOf(twin.home, 'rename', twin.deviceId, 'mine'), 'no-ca-key');
  assert.equal(await codeOf(laptop.home, 'revoke', laptop.deviceId, '--yes'), 'this-device');
  assert.equal(await codeOf(laptop.home, 'revoke', twin.deviceId), 'needs-yes');
  assert.equal(await codeOf(laptop.home, 'revoke', 'no-such-device'), 'no-such-device');
  assert.equal(await codeOf(laptop.home, 'rename', twin.deviceId, 'good'), '');
});

test('a revoked device is cut off at once, and stays out: by its leaf, after a restart, by an older statement', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'camera' },
    { name: 'phone' },
  ]);
  const [laptop, camera, phone] = user.members as [TestMember, TestMember, TestMember];
  const up = await startUp(laptop.home);
  assert.ok(await isLetIn(up.port, camera));
  const { code, stdout } = await patchcord(laptop.home, ['revoke', 'camera', '--yes', '--json']);
  assert.equal(code, 0);
  assert.equal(linesOf(stdout)[0]?.['scope'], 'everywhere');
  assert.equal(await isLetIn(up.port, camera), false);
  assert.ok(await isLetIn(up.port, phone));

  // Deleting the document, or saying something newer of the device, undoes nothing.
  const couch = await couchOf(laptop.home);
  const revocation = (
    JSON.parse(readRecordText(laptop.home, user.ca)) as { statements: StatementDocument[] }
  ).statements.find(({ payload }) => payload.includes('"revocation"'));
  assert.ok(revocation);
  const path = `patchcord/${idOf(revocation)}`;
  const { _rev } = (await eventually(async () => {
    const { status, body } = await couch.get(path);
    return status === 200 ? body : null;
  })) as { _rev: string };
  assert.equal(await couch.remove(`${path}?rev=${_rev}`), 200);
  assert.equal(await putStatement(couch, user.deviceStatement(camera, 99)), 201);
  // It is put there again: what is held here is what others are to learn.
  await eventually(async () => ((await couch.get(path)).status === 200 ? true : null));
  assert.equal(await isLetIn(up.port, camera), false);

  up.kill('SIGKILL');
  await up.ended;
  const again = await startUp(laptop.home);
  assert.equal(await isLetIn(again.port, camera), false);
  assert.ok(await isLetIn(again.port, phone));
});

test('another device learns of it before anything else, by gossip, and stores it', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'desktop' },
    { name: 'camera' },
  ]);
  const [laptop, desktop, camera] = user.members as [TestMember, TestMember, TestMember];
  const up = await startUp(laptop.home);
  assert.equal((await patchcord(laptop.home, ['revoke', 'camera', '--yes'])).code, 0);
  desktop.home.writeConfig({
    listen: { on: 'loopback' },
    // So that it comes by no other way than the exchange of revocations.
    directory: 'another-directory',
    peerStreams: { addresses: { [laptop.deviceId]: [atLoopback(up.port)] } },
  });
  const far = await startUp(desktop.home);
  await reach(desktop.home, laptop.deviceId);
  await far.untilLine((line) => isEvent('device-revoked')(line) && line['deviceId'] === camera.deviceId);
  assert.equal(await isLetIn(far.port, camera), false);
  assert.ok(await isLetIn(far.port, laptop));
  assert.ok(readRecordText(desktop.home, user.ca).includes('revocation'));
});

test('who has not heard of it does not bring a revoked device back', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'desktop' },
    { name: 'camera' },
  ]);
  const [laptop, desktop, camera] = user.members as [TestMember, TestMember, TestMember];
  writeRecord(laptop.home, user.ca, [
    ...user.members.map((member) => user.deviceStatement(member, 1)),
    user.revocation(camera.deviceId),
  ]);
  const far = await startUp(desktop.home);
  laptop.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [desktop.deviceId]: [atLoopback(far.port)] } },
  });
  const up = await startUp(laptop.home);
  await reach(laptop.home, desktop.deviceId);
  const couch = await couchOf(laptop.home);
  // The desktop's own entry for the camera, which is older than the revocation, comes by the directory.
  const entry = user.deviceStatement(camera, 1);
  await eventually(async () => ((await couch.get(`patchcord/${idOf(entry)}`)).status === 200 ? true : null));
  assert.equal(revokedIn(await devicesOf(laptop.home), camera), 'everywhere');
  assert.equal(await isLetIn(up.port, camera), false);
  assert.ok(await isLetIn(up.port, desktop));
});

test('a clock that is set back before a revocation lets nobody in again', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'camera' },
    { name: 'phone' },
  ]);
  const [laptop, camera, phone] = user.members as [TestMember, TestMember, TestMember];
  const nextYear = new Date(Date.now() + 365 * DAY_MS);
  writeRecord(laptop.home, user.ca, [
    ...user.members.map((member) => user.deviceStatement(member, 1)),
    user.revocation(camera.deviceId, nextYear),
  ]);
  const up = await startUp(laptop.home);
  assert.equal(await isLetIn(up.port, camera), false);
  assert.ok(await isLetIn(up.port, phone));
});

test('a device without the CA key denies for itself only, and says so', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'desktop' },
    { name: 'camera' },
  ]);
  const [laptop, desktop, camera] = user.members as [TestMember, TestMember, TestMember];
  const [holder, far] = [await startUp(laptop.home), await startUp(desktop.home)];
  const told = await patchcord(desktop.home, ['revoke', 'camera', '--yes']);
  assert.equal(told.code, 0);
  assert.match(told.stdout, /THIS DEVICE ONLY/);
  assert.equal(await isLetIn(far.port, camera), false);
  assert.ok(await isLetIn(far.port, laptop));
  assert.ok(await isLetIn(holder.port, camera));
  assert.equal(revokedIn(await devicesOf(desktop.home), camera), 'here');
  far.kill('SIGKILL');
  await far.ended;
  assert.equal(await isLetIn((await startUp(desktop.home)).port, camera), false);
});

test('a statement that this user’s CA did not sign counts for nothing, wherever it lies', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }]);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const stranger = createUserCa({ now: new Date() });
  const up = await startUp(laptop.home);
  const couch = await couchOf(laptop.home);
  const { userId } = user.ca;
  const time = new Date().toISOString();
  const { deviceId, leaf } = camera;
  const byStranger = [
    signStatement(
      { type: 'device', userId: stranger.userId, time, deviceId, name: 'evil', leaf, counter: 50 },
      stranger,
    ),
    signStatement({ type: 'revocation', userId: stranger.userId, time, deviceId }, stranger),
  ];
  const claimed = byStranger.map((one) => ({
    ...one,
    payload: one.payload.replace(stranger.userId, userId),
    by: userId,
  }));
  const good = user.deviceStatement({ ...camera, name: 'good' }, 2);
  const changed = { ...good, payload: good.payload.replace('"good"', '"evil"') };
  for (const bad of [...byStranger, ...claimed, changed]) assert.equal(await putStatement(couch, bad), 201);
  // Under the id of another, too; and its twin, which counts though it lies under a wrong name.
  assert.equal(await putStatement(couch, good, 'anywhere'), 201);
  await eventually(async () => (nameIn(await devicesOf(laptop.home), camera) === 'good' ? true : null));
  assert.equal(revokedIn(await devicesOf(laptop.home), camera), 'no');
  assert.ok(await isLetIn(up.port, camera));
  assert.ok(!readRecordText(laptop.home, user.ca).includes('evil'));

  // An older one of the right CA undoes nothing.
  assert.equal(await putStatement(couch, user.deviceStatement({ ...camera, name: 'old' }, 1)), 201);
  const last = user.deviceStatement({ ...laptop, name: 'after it' }, 2);
  assert.equal(await putStatement(couch, last), 201);
  await eventually(async () => (nameIn(await devicesOf(laptop.home), laptop) === 'after it' ? true : null));
  assert.equal(nameIn(await devicesOf(laptop.home), camera), 'good');
});

test('leaves are renewed by the holder of the key, pulled and taken by the device; nobody asks', async (t) => {
  const old = ago(600);
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }], old);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const up = await startUp(laptop.home);
  const leafOf = ({ home }: TestMember): string =>
    readFileSync(join(home.paths.identity, 'leaf.pem'), 'utf8');
  await eventually(() => (leafOf(laptop) === laptop.leaf ? null : true));
  assert.equal(leafOf(camera), camera.leaf);
  camera.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [laptop.deviceId]: [atLoopback(up.port)] } },
  });
  const far = await startUp(camera.home);
  await reach(camera.home, laptop.deviceId);
  await far.untilLine(isEvent('leaf-renewed'));
  const renewed = leafOf(camera);
  assert.notEqual(renewed, camera.leaf);
  // It holds without a restart, and the key is the same.
  const reply = await ask(up.port, { cert: renewed, key: camera.key.keyPem }, get('/'));
  assert.equal(reply?.status, 200);
  assert.ok((await devicesOf(camera.home)).devices.every(({ daysLeft }) => daysLeft > 800));
});

test('a key under a passphrase renews nothing by itself: people are warned, and `renew` does it', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }], ago(800));
  const [laptop] = user.members as [TestMember];
  const env = { PATCHCORD_NEW_PASSPHRASE: 'a long passphrase' };
  assert.equal((await patchcord(laptop.home, ['ca', 'passphrase'], { env })).code, 0);
  const up = await startUp(laptop.home);
  await up.untilLine(isEvent('ca-key-locked'));
  const warning = await up.untilLine(isEvent('leaf-ending'));
  assert.deepEqual([warning['name'], warning['days']], ['laptop', 23]);
  assert.match((await patchcord(laptop.home, ['devices'])).stdout, /in 23 days/);
  assert.equal(failureOf(await patchcord(laptop.home, ['renew', '--json'])), 'needs-passphrase');
  const open = (passphrase: string) => ({ env: { PATCHCORD_CA_PASSPHRASE: passphrase } });
  const wrong = await patchcord(laptop.home, ['renew', '--json'], open('not that one'));
  assert.equal(failureOf(wrong), 'wrong-passphrase');
  assert.equal((await patchcord(laptop.home, ['renew', '--json'], open('a long passphrase'))).code, 0);
  assert.ok((await devicesOf(laptop.home)).devices.every(({ daysLeft }) => daysLeft > 800));
  await eventually(async () => ((await isLetIn(up.port, laptop)) ? true : null));
});

test('revoking a device that had the CA key makes a new user of this device, with its own key and id', async (t) => {
  const user = createUserHomes(t, [
    { name: 'laptop', isHolder: true },
    { name: 'desktop', isHolder: true },
    { name: 'camera' },
  ]);
  const [laptop, desktop, camera] = user.members as [TestMember, TestMember, TestMember];
  const far = await startUp(desktop.home);
  laptop.home.writeConfig({
    listen: { on: 'loopback' },
    peerStreams: { addresses: { [desktop.deviceId]: [atLoopback(far.port)] } },
  });
  const up = await startUp(laptop.home);
  assert.ok(await isLetIn(up.port, camera));
  // Nobody has to say that the desktop has the key: it said so itself, in the directory.
  await reach(laptop.home, desktop.deviceId);
  await up.untilLine((line) => isEvent('key-holder-known')(line) && line['deviceId'] === desktop.deviceId);
  const holders = (await devicesOf(laptop.home)).devices.filter(({ holdsCaKey }) => holdsCaKey);
  assert.deepEqual(holders.map(({ name }) => name).sort(), ['desktop', 'laptop']);
  const { stdout } = await patchcord(laptop.home, ['revoke', 'desktop', '--yes', '--json']);
  const [answer] = linesOf(stdout);
  assert.notEqual(answer?.['newUserId'], user.ca.userId);
  assert.deepEqual(answer?.['toJoin'], ['camera']);
  const told = await devicesOf(laptop.home);
  assert.equal(told.userId, answer['newUserId']);
  assert.deepEqual(
    told.devices.map(({ deviceId, isThis }) => [deviceId, isThis]),
    [[laptop.deviceId, true]],
  );
  // All that the old CA signed is refused, what its other holder signs from now on included.
  const key = createDeviceKey();
  const leaf = issueLeaf({ ca: user.ca, publicKey: key.publicKey, now: new Date() });
  for (const one of [camera, desktop, { ...camera, key, leaf }])
    assert.equal(await isLetIn(up.port, one), false);
  const own = readFileSync(join(laptop.home.paths.identity, 'leaf.pem'), 'utf8');
  assert.ok(await isLetIn(up.port, { ...laptop, leaf: own }));
});

test('a record that cannot be read stops the start: who is revoked stands in it', async (t) => {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }]);
  const [laptop] = user.members as [TestMember];
  const path = recordPath(laptop.home.paths, user.ca.userId);
  const good = readFileSync(path);
  for (const bad of ['', '{}', good.toString().slice(0, -3), good.toString().replace('"device', '"devise')]) {
    writeFileSync(path, bad);
    const { code, ...result } = await patchcord(laptop.home, ['up', '--json']);
    assert.deepEqual([code, failureOf({ code, ...result })], [78, 'directory-record']);
  }
  writeFileSync(path, good);
  const up = await startUp(laptop.home);
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
});
