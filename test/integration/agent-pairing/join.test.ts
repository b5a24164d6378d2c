// Two homes, two real gateways, one code: a device becomes one of another's user.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isOneEncryptedKey } from '../../../dist/adapters/pki/encrypted-key.js';
import {
  createTestHome,
  failureOf,
  isEvent,
  linesOf,
  patchcord,
  startPatchcord,
  startUp,
  type Result,
  type RunningUp,
  type TestHome,
} from '../../kit/agent.js';
import { agree, startOffer, startTaking, untilCompare } from '../../kit/pairing-commands.js';
import {
  couchOf,
  createUserHomes,
  devicesOf,
  type TestMember,
  type ToldDevices,
} from '../../kit/user-homes.js';

const PASSPHRASE = 'a passphrase of the test';

async function upHome(t: TestContext, name: string): Promise<{ home: TestHome; up: RunningUp }> {
  const home = createTestHome(t);
  home.writeConfig({ name, listen: { on: 'loopback' } });
  return { home, up: await startUp(home) };
}

function newHome(t: TestContext, name: string): TestHome {
  const home = createTestHome(t);
  home.writeConfig({ name, listen: { on: 'loopback' } });
  return home;
}

const identityFile = (home: TestHome, name: string): string =>
  readFileSync(join(home.paths.identity, name), 'utf8');

/** The pair as it ends. */
async function pairUp(first: TestHome, second: TestHome, args: string[] = []): Promise<Result[]> {
  const offered = await startOffer(first, ['pair']);
  const joining = startTaking(second, ['join', ...args], offered);
  await agree(offered.command, joining);
  const ended = await Promise.all([offered.command.ended, joining.ended]);
  for (const { code, stdout, stderr } of ended) assert.equal(code, 0, stdout + stderr);
  return ended;
}

test('a new device joins with the code, and both know each other from then on', async (t) => {
  const { home: laptop, up } = await upHome(t, 'Ada’s laptop');
  const camera = newHome(t, 'Ada’s camera');
  const [, joined] = await pairUp(laptop, camera);

  assert.deepEqual(readdirSync(camera.paths.identity).sort(), ['leaf.key', 'leaf.pem', 'user-ca.pem']);
  for (const file of readdirSync(camera.paths.identity))
    assert.equal(statSync(join(camera.paths.identity, file)).mode & 0o777, 0o600);
  assert.equal(identityFile(camera, 'user-ca.pem'), identityFile(laptop, 'user-ca.pem'));
  const { userId } = up.ready.identity;
  const fact = linesOf(joined?.stdout ?? '').find(isEvent('joined'));
  assert.equal(fact?.['userId'], userId);

  const [here, there] = [await devicesOf(laptop), await devicesOf(camera)];
  const namesOf = ({ devices }: ToldDevices) => devices.map(({ name }) => name).sort();
  assert.deepEqual(namesOf(here), ['Ada’s camera', 'Ada’s laptop']);
  assert.deepEqual(namesOf(there), namesOf(here));
  assert.deepEqual([there.userId, there.caKey], [userId, 'none']);

  const cameraUp = await startUp(camera);
  assert.equal(cameraUp.ready.identity.isNew, false);
  assert.equal(cameraUp.ready.identity.userId, userId);
});

test('a wrong code joins nothing, spends the offer at the third time, and says what to do', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const camera = newHome(t, 'camera');
  const offered = await startOffer(laptop, ['pair']);
  // What is no code at all is said at once, and is no try.
  const mistyped = await startTaking(camera, ['join'], { ...offered, code: 'wrong' }).ended;
  assert.deepEqual([mistyped.code, failureOf(mistyped)], [64, 'code']);
  const wrong = offered.code.startsWith('0') ? `1${offered.code.slice(1)}` : `0${offered.code.slice(1)}`;
  for (const left of [2, 1, 0]) {
    const { code, ...result } = await startTaking(camera, ['join'], { ...offered, code: wrong }).ended;
    assert.notEqual(code, 0);
    assert.match(failureOf({ code, ...result }), /^pair-(?:wrong-code|spent)$/);
    if (left > 0)
      await offered.command.untilLine((line) => line['event'] === 'strike' && line['left'] === left);
  }
  const ended = await offered.command.ended;
  assert.equal(failureOf(ended), 'pair-spent');
  assert.ok(!existsSync(camera.paths.identity));

  // The twin: a new code, typed rightly.
  await pairUp(laptop, camera);
});

test('no at one side changes nothing at either', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const camera = newHome(t, 'camera');
  const [no, refused] = [
    { code: 1, word: 'pair-refused-here' },
    { code: 69, word: 'pair-refused-there' },
  ];
  for (const [here, there, ends] of [
    ['no', 'yes', [no, refused]],
    ['yes', 'no', [refused, no]],
  ] as const) {
    const offered = await startOffer(laptop, ['pair']);
    const joining = startTaking(camera, ['join'], offered);
    await Promise.all([untilCompare(offered.command), untilCompare(joining)]);
    offered.command.type(`${here}\n`);
    joining.type(`${there}\n`);
    const ended = await Promise.all([offered.command.ended, joining.ended]);
    assert.deepEqual(
      ended.map((result) => ({ code: result.code, word: failureOf(result) })),
      ends,
    );
    assert.ok(!existsSync(camera.paths.identity));
    assert.equal((await devicesOf(laptop)).devices.length, 1);
  }
});

test('the CA key goes along only when the person says so, under the passphrase typed on both', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const desktop = newHome(t, 'desktop');
  const offered = await startOffer(laptop, ['pair', '--give-ca-key'], {
    env: { PATCHCORD_NEW_PASSPHRASE: PASSPHRASE },
  });
  const joining = startTaking(desktop, ['join'], offered);
  await agree(offered.command, joining);
  await joining.untilLine(isEvent('key-passphrase'));
  joining.type('not that one\n');
  await joining.untilLine((line) => line['event'] === 'key-passphrase' && line['again'] === true);
  joining.type(`${PASSPHRASE}\n`);
  for (const { code, stdout } of await Promise.all([offered.command.ended, joining.ended]))
    assert.equal(code, 0, stdout);

  assert.ok(isOneEncryptedKey(identityFile(desktop, 'user-ca.key')));
  assert.equal((await devicesOf(desktop)).caKey, 'encrypted');
  const holders = (await devicesOf(laptop)).devices.filter(({ holdsCaKey }) => holdsCaKey);
  assert.equal(holders.length, 2);
  const said = offered.command.stdout() + joining.stdout();
  assert.ok(!said.includes(PASSPHRASE));

  // It can sign with it: a third device joins the second.
  const up = await startUp(desktop);
  const phone = newHome(t, 'phone');
  const second = await startOffer(desktop, ['pair'], { env: { PATCHCORD_CA_PASSPHRASE: PASSPHRASE } });
  const third = startTaking(phone, ['join'], second);
  await agree(second.command, third);
  assert.equal((await third.ended).code, 0);
  assert.equal((await devicesOf(phone)).userId, up.ready.identity.userId);
});

test('a device that had a user of its own puts it aside, unless others depend on it', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const camera = newHome(t, 'camera');
  assert.equal((await patchcord(camera, ['init'])).code, 0);
  const [key, ca] = [identityFile(camera, 'leaf.key'), identityFile(camera, 'user-ca.key')];
  await pairUp(laptop, camera);
  assert.equal(identityFile(camera, 'leaf.key'), key);
  assert.ok(!existsSync(join(camera.paths.identity, 'user-ca.key')));
  const [retired] = readdirSync(camera.paths.retired);
  assert.equal(readFileSync(join(camera.paths.retired, retired ?? '', 'user-ca.key'), 'utf8'), ca);

  // Another user's laptop, whose CA has signed for a phone.
  const { home: other, up } = await upHome(t, 'Grace’s laptop');
  await pairUp(other, newHome(t, 'Grace’s phone'));
  up.kill('SIGTERM');
  await up.ended;
  const refused = await patchcord(other, ['join', '--json']);
  assert.equal(failureOf(refused), 'user-in-use');
  await pairUp(laptop, other, ['--abandon-user']);
  assert.equal((await devicesOf(other)).userId, (await devicesOf(laptop)).userId);
});

test('two devices apart so long that a certificate ended pair again, and nothing is lost', async (t) => {
  const old = new Date(Date.now() - 900 * 24 * 3_600_000);
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }], old);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const up = await startUp(camera.home);
  await up.untilLine((line) => line['event'] === 'leaf-ending' && Number(line['days']) < 0);
  const kept = { _id: 'kept', text: 'of before' };
  assert.equal(await (await couchOf(camera.home)).put('dmedia-0/kept', kept), 201);
  up.kill('SIGTERM');
  await up.ended;

  await startUp(laptop.home);
  await pairUp(laptop.home, camera.home);
  const again = await startUp(camera.home);
  assert.equal(again.ready.identity.deviceId, camera.deviceId);
  assert.equal((await (await couchOf(camera.home)).get('dmedia-0/kept')).body['text'], 'of before');
  const [told] = (await devicesOf(camera.home)).devices.filter(({ isThis }) => isThis);
  assert.ok(told !== undefined && told.daysLeft > 800);
});

test('a revoked device gets no new certificate, whatever code it has', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const camera = newHome(t, 'camera');
  await pairUp(laptop, camera);
  assert.equal((await patchcord(laptop, ['revoke', 'camera', '--yes', '--json'])).code, 0);
  const offered = await startOffer(laptop, ['pair']);
  const joining = startTaking(camera, ['join'], offered);
  const [pair, joined] = await Promise.all([offered.command.ended, joining.ended]);
  assert.equal(failureOf(pair), 'pair-csr');
  assert.equal(failureOf(joined), 'pair-refused-there');
  // What it is told to do is what helps.
  const { hint } = linesOf(joined.stdout).at(-1)?.['error'] as { hint: string };
  assert.ok(hint.includes(camera.paths.identity), hint);
  renameSync(camera.paths.identity, join(camera.scratch, 'identity'));
  await pairUp(laptop, camera);
});

test('pair needs an up and the CA key, join a home without an up; one pairing at a time', async (t) => {
  const { home: laptop, up } = await upHome(t, 'laptop');
  const camera = newHome(t, 'camera');
  assert.equal(failureOf(await patchcord(camera, ['pair', '--json'])), 'not-up');
  assert.equal(failureOf(await patchcord(laptop, ['join', '--json'])), 'already-up');
  assert.equal(failureOf(await patchcord(camera, ['join', '--json'])), 'no-answer');
  const first = await startOffer(laptop, ['pair']);
  assert.equal(failureOf(await patchcord(laptop, ['pair', '--json'])), 'pairing-busy');
  first.command.kill('SIGINT');
  assert.equal((await first.command.ended).code, 130);
  await pairUp(laptop, camera);
  const cameraUp = await startUp(camera);
  assert.equal(failureOf(await patchcord(camera, ['pair', '--json'])), 'no-ca-key');
  for (const one of [up, cameraUp]) {
    one.kill('SIGTERM');
    assert.equal((await one.ended).code, 0);
  }
});

test('people see the code large, with a QR code and the time, and are asked in words', async (t) => {
  const { home: laptop } = await upHome(t, 'laptop');
  const pair = startPatchcord(laptop, ['pair']);
  await pair.untilText('listens at');
  const text = pair.stdout();
  const [, code, at] =
    /The code is ([0-9A-Z]{4}-[0-9A-Z]{4}), good for [^]*listens at (\S+)/.exec(text) ?? [];
  assert.ok(code !== undefined && at !== undefined, text);
  // Five lines of whole blocks; those of the QR code have half ones.
  assert.match(text, /(?:^[█ ]{40,}\n){5}/m);
  const camera = newHome(t, 'Ada’s camera');
  const joining = startPatchcord(camera, ['join', '--at', at], { terminal: true });
  await joining.untilText('shows: ');
  joining.type('wrong\r');
  await joining.untilText('That is no code');
  joining.type(`${code.toLowerCase().replace('-', ' ')}\r`);
  await Promise.all([pair.untilText('[y/N]'), joining.untilText('[y/N]')]);
  const digits = /digits:\s+(\d{3} \d{3})/;
  assert.equal(digits.exec(pair.stdout())?.[1], digits.exec(joining.stdout())?.[1]);
  assert.ok(pair.stdout().includes('"Ada’s camera"'));
  assert.ok(joining.stdout().includes('"laptop"'));
  pair.type('y\n');
  joining.type('y\r');
  for (const { code: exit } of await Promise.all([pair.ended, joining.ended])) assert.equal(exit, 0);
});
