// A link that loses every fifth frame: a peer is found there, reached, and gives a whole blob.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway } from '../kit/gateway.js';
import { plugLossyCable } from '../kit/lossy-cable.js';
import { createFarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';
import { peerEnv, startStreams, streamsEnv } from '../kit/streams.js';
import { eventually } from '../kit/until.js';
import { anyId, put } from '../integration/files/temp-store.js';

const pki = createTestPki();
const desktop = pki.ada.desktop.deviceId;
const COUCH = 'http://127.0.0.1:9/';
const SHARE = 0.2;
const BLOB_BYTES = 512 * 1024;
const WITHIN = { timeout: 200_000 };

if (isInsideNamespace(import.meta.url)) {
  test('with 20 % loss a peer is found and reached, and a blob comes whole', WITHIN, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-store-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, '.dmedia/files'), { recursive: true });
    const [id, blob] = [anyId('lossy'), randomBytes(BLOB_BYTES)];
    put(folder, id, blob);
    ip('link set lo up');
    const other = await createOtherEnd();
    t.after(() => other.close());
    const executable = createFarExecutable(other);
    t.after(() => executable.remove());
    const cable = await plugLossyCable('near0', 'far0', other, SHARE);
    const far = { listen: { on: ['far0'] } };
    const peer = await startGateway(peerEnv({ pki, couchUrl: COUCH, stores: [folder], more: far }), {
      executable: executable.path,
    });
    t.after(() => peer.stop());
    const near = { listen: { on: ['near0'] }, discovery: { known: [desktop] } };
    const streams = await startStreams(streamsEnv(pki, {}, {}, near));
    t.after(() => streams.stop());

    const askUntil200 = (path: string) =>
      eventually(async () => {
        const reply = await streams.ask('GET', `/peers/${desktop}${path}`);
        return reply.status === 200 ? reply : null;
      });
    const info = await askUntil200('/');
    assert.equal((info.json() as { deviceId: string }).deviceId, desktop);
    assert.ok((await askUntil200(`/files/${id}`)).body.equals(blob));

    const { lost, all } = await cable.unplug();
    assert.ok(all > BLOB_BYTES / 1500 && lost > all / 10, `${lost} of ${all} frames were lost`);
  });
}
