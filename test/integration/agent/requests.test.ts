// What needs the user CA key, at a device that has none: it waits for one that has it, and for the person there.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { findFreePort } from '../../../dist/adapters/net/free-port.js';
import {
  failureOf,
  isEvent,
  linesOf,
  patchcord,
  startPatchcord,
  startUp,
  type Command,
  type TestHome,
} from '../../kit/agent.js';
import { agree, startOffer, startTaking } from '../../kit/pairing-commands.js';
import { atLoopback } from '../../kit/streams.js';
import { eventually } from '../../kit/until.js';
import { createUserHomes, devicesOf, reach, type TestMember } from '../../kit/user-homes.js';

const NOVEL = 'dmedia-0-novel';

/** A laptop with the CA key and a camera without, which reach each other. */
async function startTwo(t: TestContext): Promise<{ laptop: TestMember; camera: TestMember }> {
  const user = createUserHomes(t, [{ name: 'laptop', isHolder: true }, { name: 'camera' }]);
  const [laptop, camera] = user.members as [TestMember, TestMember];
  const ports = [(await findFreePort()) ?? 0, (await findFreePort()) ?? 0] as const;
  const config = (port: number, other: TestMember, there: number) => ({
    listen: { on: 'loopback', port },
    peerStreams: { addresses: { [other.deviceId]: [atLoopback(there)] } },
  });
  laptop.home.writeConfig(config(ports[0], camera, ports[1]));
  camera.home.writeConfig(config(ports[1], laptop, ports[0]));
  await Promise.all([startUp(laptop.home), startUp(camera.home)]);
  await Promise.all([reach(laptop.home, camera.deviceId), reach(camera.home, laptop.deviceId)]);
  return { laptop, camera };
}

/** The id, once the command says that it waits. */
const waitsFor = async (command: Command): Promise<string> =>
  String((await command.untilLine(isEvent('waiting')))['request']);
const requestsAt = async (home: TestHome) => (await devicesOf(home)).requests;
const arrives = (home: TestHome, request: string): Promise<true> =>
  eventually(async () => ((await requestsAt(home)).some(({ id }) => id === request) ? true : null));
const nameAt = async (home: TestHome, { deviceId }: TestMember): Promise<string | undefined> =>
  (await devicesOf(home)).devices.find((device) => device.deviceId === deviceId)?.name;

test('rename and share at a device without the CA key wait for one that has it', async (t) => {
  const { laptop, camera } = await startTwo(t);
  const ask = (name: string): Command =>
    startPatchcord(camera.home, ['rename', camera.deviceId, name, '--json']);

  // Interrupted, it is taken back.
  const interrupted = ask('never');
  await waitsFor(interrupted);
  interrupted.kill('SIGINT');
  assert.equal((await interrupted.ended).code, 130);
  assert.deepEqual(await requestsAt(camera.home), []);

  const renaming = ask('Ada’s camera');
  const request = await waitsFor(renaming);
  await arrives(laptop.home, request);
  // Nothing is signed by itself: a gateway that was taken over could have asked.
  assert.equal(await nameAt(laptop.home, camera), 'camera');
  assert.equal(failureOf(await patchcord(camera.home, ['allow', request, '--yes', '--json'])), 'no-ca-key');
  assert.equal(failureOf(await patchcord(laptop.home, ['allow', request, '--json'])), 'needs-yes');
  assert.equal((await patchcord(laptop.home, ['allow', request.slice(0, 8), '--yes', '--json'])).code, 0);
  assert.equal((await renaming.ended).code, 0);
  assert.equal(await nameAt(camera.home, camera), 'Ada’s camera');
  assert.deepEqual([await requestsAt(laptop.home), await requestsAt(camera.home)], [[], []]);

  const refused = ask('no');
  const again = await waitsFor(refused);
  await arrives(laptop.home, again);
  assert.equal((await patchcord(laptop.home, ['allow', again, '--refuse'])).code, 0);
  assert.equal(failureOf(await refused.ended), 'not-allowed');

  // A share: the two people are done, and the CA signs later.
  const grace = createUserHomes(t, [{ name: 'Grace’s laptop', isHolder: true }]);
  const [theirs] = grace.members as [TestMember];
  await startUp(theirs.home);
  const offered = await startOffer(camera.home, ['share', `${NOVEL}:write`]);
  const accepting = startTaking(theirs.home, ['accept', `${NOVEL}:read`], offered);
  await agree(offered.command, accepting);
  assert.equal((await accepting.ended).code, 0);
  const share = await waitsFor(offered.command);
  await arrives(laptop.home, share);
  assert.deepEqual((await devicesOf(laptop.home)).shares, []);
  assert.equal((await patchcord(laptop.home, ['allow', share, '--yes'])).code, 0);
  assert.equal((await offered.command.ended).code, 0);
  const shares = [{ userId: grace.ca.userId, databases: [{ name: NOVEL, access: 'write' }] }];
  for (const { home } of [laptop, camera]) assert.deepEqual((await devicesOf(home)).shares, shares);

  // The twin: who has the key waits for nobody.
  const { code, stdout } = await patchcord(laptop.home, ['rename', camera.deviceId, 'at once', '--json']);
  assert.deepEqual([code, linesOf(stdout)[0]?.['request']], [0, null]);
});
