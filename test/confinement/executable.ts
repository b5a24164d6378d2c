// The executable of its own: the profile attaches to it by its path, whoever starts it, and by no word of the launcher.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashOf, pattern, put } from '../integration/files/temp-store.js';
import { createEnv, tlsOf } from '../kit/env.js';
import { startGateway } from '../kit/gateway.js';
import { createTestPki } from '../kit/pki.js';
import { ask, get } from '../kit/raw-client.js';
import { STORE } from './attempts.js';
import { clearDenials, readDenials } from './kernel-log.js';

const EXECUTABLE = fileURLToPath(new URL('../../build/patchcord-gateway-confined', import.meta.url));

export const executable = (): void =>
  void test('the executable is confined, and serves', async () => {
    const pki = createTestPki();
    const blob = pattern(50_000);
    const { id, digests } = hashOf(blob);
    mkdirSync(`${STORE}/.dmedia/files`, { recursive: true });
    put(STORE, id, blob);
    clearDenials();
    const env = createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', stores: [STORE] });
    const gateway = await startGateway(env, { executable: EXECUTABLE, requireConfinement: true });
    assert.deepEqual(gateway.ready.confinedBy, ['apparmor:patchcord-gateway']);
    // Hashed in a thread, whose script is in the executable too.
    const leaves = await ask(gateway.port, tlsOf(pki.ada.desktop), get(`/files/${id}/leaves`));
    assert.deepEqual(leaves?.body, digests);
    assert.equal(await gateway.stop(), 0);
    assert.deepEqual(readDenials(), []);
  });
