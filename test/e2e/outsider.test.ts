// An outside user with a shared project: gets the project, its files, and nothing else, however it tries.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { askAgentIfUp } from '../../dist/agent/rpc/ask-agent.js';
import { createTestHome, isEvent, patchcord, startPatchcord } from '../kit/agent.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable } from '../kit/netns.js';
import { agree } from '../kit/pairing-commands.js';
import {
  createDatabase,
  document,
  importFile,
  soon,
  startDevice,
  storedFile,
  type Device,
} from '../kit/two-devices.js';
import { authorization } from '../kit/streams.js';

const WITHIN = { timeout: 200_000 };
const PROJECT = 'dmedia-0-novel';
const VALIDATION = { validate_doc_update: 'function () { throw({ forbidden: "mine now" }); }' };
const GRANT = `${PROJECT}:write`;

interface Users {
  readonly ada: Device;
  readonly grace: Device;
}

/** Two users, a device each, with a cable between them and one project shared. */
async function startUsers(t: TestContext): Promise<Users> {
  ip('link set lo up');
  const other = await createOtherEnd();
  t.after(() => other.close());
  other.ip('link set lo up');
  plugCable('near0', 'far0', other);
  const [here, there] = [createTestHome(t), createTestHome(t)];
  here.writeConfig({ listen: { on: ['near0'] } });
  there.writeConfig({ listen: { on: ['far0'] }, fetch: { quotaBytes: 150_000 } });
  const ada = await startDevice(here, { deviceId: '', within: null, listen: ['near0'] });
  const grace = await startDevice(there, { deviceId: '', within: other, listen: ['far0'] });
  await createDatabase(ada, PROJECT);
  await shareProject(ada, grace);
  return { ada, grace };
}

async function shareProject(ada: Device, grace: Device): Promise<void> {
  assert.ok(grace.within !== null);
  const sharing = startPatchcord(ada.home, ['share', GRANT, '--json']);
  const { code } = await sharing.untilLine(isEvent('offered'));
  const accepting = startPatchcord(grace.home, ['accept', GRANT, '--json'], { within: grace.within });
  accepting.type(`${String(code)}\n`);
  await agree(sharing, accepting);
  for (const { code: ended, stdout, stderr } of [await sharing.ended, await accepting.ended])
    assert.equal(ended, 0, stdout + stderr);
}

if (isInsideNamespace(import.meta.url)) {
  test('the project and its files go to and fro, and nothing else', WITHIN, async (t) => {
    const { ada, grace } = await startUsers(t);
    await ada.ask('PUT', '/dmedia-0/private', { said: 'to myself' });
    await ada.ask('PUT', `/${PROJECT}/chapter`, { words: 7 });
    assert.equal((await document(grace, PROJECT, 'chapter'))['words'], 7);
    await grace.ask('PUT', `/${PROJECT}/reply`, { words: 8 });
    assert.equal((await document(ada, PROJECT, 'reply'))['words'], 8);

    const [shared, own] = [randomBytes(100_000), randomBytes(100_000)];
    const sharedId = await importFile(ada, shared, PROJECT);
    assert.ok((await storedFile(grace, sharedId)).equals(shared));
    const ownId = await importFile(ada, own);

    // Files that others may name come up to a quota, and beyond it when a person wants them.
    const overId = await importFile(ada, randomBytes(100_000), PROJECT);
    const held = await grace.up.untilLine(isEvent('file-held'));
    assert.deepEqual([held['id'], held['hold']], [overId, 'over-quota']);
    const fetched = await patchcord(grace.home, ['files', 'fetch', overId, '--json']);
    assert.equal(fetched.code, 0, fetched.stdout + fetched.stderr);

    const adaId = (await ada.status()).identity.deviceId;
    const ask = (method: string, path: string, body?: unknown) =>
      throughStream(grace, adaId, method, path, body);
    const statuses = async (rows: readonly (readonly [string, string, object?])[]): Promise<unknown> =>
      Promise.all(rows.map(async ([method, path, body]) => (await ask(method, path, body)).status));
    assert.deepEqual(
      await statuses([
        ['GET', `couch/${PROJECT}/chapter`],
        ['GET', 'couch/dmedia-0/private'],
        ['GET', 'couch/patchcord'],
        ['GET', 'couch/dmedia-0-none'],
        ['GET', 'couch/_users/_all_docs'],
        ['GET', `couch/${PROJECT}/_security`],
      ]),
      [200, 403, 403, 403, 403, 403],
      'by pull',
    );
    const pushed = { docs: [{ _id: 'pushed' }] };
    const designs = { docs: [{ _id: '_design/lock', ...VALIDATION }, { _id: 'beside' }] };
    assert.deepEqual(
      await statuses([
        ['POST', `couch/${PROJECT}/_bulk_docs`, pushed],
        ['POST', 'couch/dmedia-0/_bulk_docs', pushed],
        ['PUT', 'couch/dmedia-0-none'],
        ['POST', 'couch/_replicate', { source: 'dmedia-0', target: PROJECT }],
        ['PUT', `couch/${PROJECT}/_security`, {}],
      ]),
      [201, 403, 403, 403, 403],
      'by push',
    );
    assert.deepEqual(
      await statuses([
        ['HEAD', `files/${sharedId}`],
        ['HEAD', `files/${ownId}`],
        ['HEAD', `files/${ownId}/leaves`],
      ]),
      [200, 404, 404],
      'by blob',
    );
    const have = await ask('POST', 'files/have', { ids: [sharedId, ownId] });
    assert.deepEqual(have.body, { have: [sharedId] });
    assert.deepEqual(
      await statuses([
        ['PUT', `couch/${PROJECT}/_design/lock`, VALIDATION],
        ['POST', `couch/${PROJECT}/_bulk_docs`, designs],
        ['GET', `couch/${PROJECT}/_design/lock/_view/all`],
      ]),
      [403, 403, 403],
      'by design document',
    );

    // The end of the share cuts her off at once; with the next one, what was written meanwhile comes.
    const { userId } = (await grace.status()).identity;
    assert.equal((await patchcord(ada.home, ['unshare', userId.slice(0, 8), '--yes'])).code, 0);
    assert.notEqual((await ask('GET', `couch/${PROJECT}/chapter`)).status, 200);
    await soon(async () => ((await grace.status()).sync.pulls.length === 0 ? true : null));
    await ada.ask('PUT', `/${PROJECT}/meanwhile`, {});
    await shareProject(ada, grace);
    await document(grace, PROJECT, 'meanwhile');
    await grace.ask('PUT', `/${PROJECT}/again`, {});
    await document(ada, PROJECT, 'again');

    // What she writes into her own copy as its administrator is not pulled, and so never runs here.
    await putDesign(grace);
    assert.equal((await grace.ask('PUT', `/${PROJECT}/refused-there`, {})).status, 403);
    assert.equal((await ada.ask('PUT', `/${PROJECT}/still-mine`, {})).status, 201);
    await ada.ask('PUT', `/${PROJECT}/chapter-2`, {});
    assert.equal((await ada.ask('GET', `/${PROJECT}/_design/lock`)).status, 404);
    assert.equal((await ada.ask('GET', `/${PROJECT}/beside`)).status, 404);
    assert.equal((await grace.ask('GET', '/dmedia-0/private')).status, 404);
    const pulled = async (device: Device) =>
      (await device.status()).sync.pulls.map(({ database }) => database);
    assert.deepEqual([await pulled(ada), await pulled(grace)], [[PROJECT], [PROJECT]]);
  });
}

async function putDesign(device: Device): Promise<void> {
  const admin = await askAgentIfUp(device.home.paths, 'couchdb-admin');
  assert.ok(admin);
  const { status } = await device.ask('PUT', `/${PROJECT}/_design/lock`, VALIDATION, admin);
  assert.equal(status, 201);
}

/** Asks another device as a local program of this one does. */
function throughStream(device: Device, peer: string, method: string, path: string, body?: unknown) {
  const { port, tokens } = JSON.parse(readFileSync(device.home.paths.peerStreams, 'utf8')) as {
    port: number;
    tokens: { local: string };
  };
  const url = `http://127.0.0.1:${port}/peers/${peer}/${path}`;
  return device.askUrl(url, method, { authorization: authorization(tokens.local) }, body);
}
