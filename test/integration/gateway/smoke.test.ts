import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnv, tlsOf } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, get } from '../../kit/raw-client.js';
import { startRecordingUpstream } from '../../kit/recording-upstream.js';

test('smoke', async () => {
  const pki = createTestPki();
  const upstream = await startRecordingUpstream();
  const gateway = await startGateway(createEnv({ pki, couchUrl: upstream.url }));
  const me = tlsOf(pki.ada.desktop);
  for (const target of ['/', '/revocations', '/couch/', '/couch/_up', '/couch/_all_dbs', '/couch/dmedia-0', '/couch/_config', '/couch/dmedia-0/_changes?since=0', '/nope', '/files/x']) {
    const reply = await ask(gateway.port, me, get(target));
    console.log(target, reply?.status, reply?.body.toString());
  }
  console.log(upstream.requests.map((r) => r.head), upstream.questions.map((q) => q.target), upstream.stray());
  console.log(await ask(gateway.port, tlsOf(pki.stranger.laptop), get('/')));
  console.log(gateway.seen, gateway.logs);
  console.log(JSON.stringify(await gateway.call('status'), null, 1));
  assert.equal(await gateway.stop(), 0);
  await upstream.close();
});
