// The one exception to "the agent opens no socket to the network": a CouchDB that a person configured elsewhere. Then
// that address is reached, and still no other.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createTestHome, patchcord } from '../kit/agent.js';
import { ip, isInsideNamespace } from '../kit/netns.js';
import { createTestPki } from '../kit/pki.js';
import { recordReached } from '../kit/reached.js';

/** Of the addresses for documentation (RFC 5737). */
const ELSEWHERE = '192.0.2.1';

if (isInsideNamespace(import.meta.url)) {
  test('an upstream elsewhere is reached at its address, and nothing else is', async (t) => {
    ip('link set lo up');
    ip(`address add ${ELSEWHERE}/32 dev lo`);
    // Whether it speaks TLS does not matter: that it was reached is what is looked at.
    const server = createServer((socket) => socket.destroy());
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, ELSEWHERE, resolve));
    const { port } = server.address() as { port: number };
    const home = createTestHome(t);
    const reached = recordReached(home.scratch);
    assert.equal((await patchcord(home, ['init'], { env: reached.env })).code, 0);
    const { certPem: ca } = createTestPki().ada.ca;
    home.writeConfig({ couchdb: { url: `https://${ELSEWHERE}:${port}/`, serverName: 'couch.internal', ca } });
    await patchcord(home, ['doctor'], { env: reached.env });
    const beyond = new Set(reached.beyond().map(({ to }) => to));
    assert.deepEqual([...beyond], [ELSEWHERE]);
  });
}
