// The gateway as one executable file: all that it needs is in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashOf, makeStore, pattern, put } from '../files/temp-store.js';
import { createEnv, tlsOf } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, get } from '../../kit/raw-client.js';

const BUILD = fileURLToPath(new URL('../../../scripts/build-executable.js', import.meta.url));

test('it serves as the gateway does, its threads included, from wherever it lies', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchcord-executable-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [built, elsewhere] = [join(folder, 'built'), join(folder, 'elsewhere')];
  execFileSync(process.execPath, [BUILD, built], { stdio: 'ignore' });
  copyFileSync(built, elsewhere);
  const pki = createTestPki();
  const store = makeStore(t);
  const blob = pattern(50_000);
  const { id, digests } = hashOf(blob);
  put(store, id, blob);
  const env = createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', stores: [store] });
  const gateway = await startGateway(env, { executable: elsewhere });
  const asked = (path: string) => ask(gateway.port, tlsOf(pki.ada.desktop), get(path));
  assert.equal((await asked('/'))?.status, 200);
  assert.deepEqual((await asked(`/files/${id}/leaves`))?.body, digests);
  assert.equal(await gateway.stop(), 0);
  assert.deepEqual(gateway.logs, []);
});
