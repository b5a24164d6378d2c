import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { callRpc } from '../../../dist/adapters/agent-socket/rpc-client.js';
import type { AgentStatus } from '../../../dist/agent/status/status.js';
import {
  createTestHome,
  failureOf,
  isEvent,
  issueDevice,
  linesOf,
  patchcord,
  startPatchcord,
  startUp,
} from '../../kit/agent.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, connectRaw, get } from '../../kit/raw-client.js';

test('status tells the device, its listeners, its upstream, its stores, who is there and who was refused', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({ name: 'Ada’s laptop' });
  const up = await startUp(home);
  const { certPem, keyPem } = createTestPki().stranger.laptop;
  assert.equal(await ask(up.port, { cert: certPem, key: keyPem }, get('/')), null);
  await up.untilLine(isEvent('denied'));
  const peer = connectRaw(up.port, issueDevice(home));
  await up.untilLine(isEvent('connected'));

  const { code, stdout } = await patchcord(home, ['status', '--json']);
  assert.equal(code, 0);
  const [status] = linesOf(stdout) as unknown as [AgentStatus];
  assert.equal(status.identity.name, 'Ada’s laptop');
  assert.equal(status.identity.deviceId, up.ready.identity.deviceId);
  assert.deepEqual(status.listeners, up.ready.listeners);
  assert.deepEqual(status.couchdb.credentials, { own: 'passed' });
  assert.deepEqual(status.couchdb.databases, ['dmedia-0', 'patchcord']);
  assert.deepEqual(
    status.stores.map(({ path, present }) => ({ path, present })),
    [{ path: home.paths.store, present: true }],
  );
  assert.deepEqual(
    status.connections.map(({ principal }) => principal.role),
    ['own-device'],
  );
  assert.equal(status.denied['issuer-unknown'], 1);
  assert.deepEqual(
    status.refusals.map(({ rule }) => rule),
    ['issuer-unknown'],
  );

  const text = await patchcord(home, ['status']);
  assert.equal(text.code, 0);
  for (const part of ['"Ada’s laptop"', '[::1] port', 'credential own passed', 'issuer-unknown'])
    assert.ok(text.stdout.includes(part), part);
  peer.socket.destroy();
});

test('status needs a running up, and says so', async (t) => {
  const home = createTestHome(t);
  const away = await patchcord(home, ['status', '--json']);
  assert.equal(away.code, 69);
  assert.equal(failureOf(away), 'not-up');
  const inWords = await patchcord(home, ['status']);
  assert.equal(inWords.code, 69);
  assert.ok(inWords.stderr.includes('patchcord up'));

  const up = await startUp(home);
  up.kill('SIGKILL');
  await up.ended;
  assert.equal((await patchcord(home, ['status'])).code, 69);
});

test('status --watch tells again and again, until it is interrupted or up ends', async (t) => {
  const home = createTestHome(t);
  const up = await startUp(home);
  const watching = startPatchcord(home, ['status', '--watch', '--json']);
  await watching.untilLine(() => linesOf(watching.stdout()).length >= 2);
  watching.kill('SIGINT');
  assert.equal((await watching.ended).code, 0);

  const other = startPatchcord(home, ['status', '--watch', '--json']);
  await other.untilLine((line) => 'identity' in line);
  up.kill('SIGTERM');
  assert.equal((await other.ended).code, 69);
});

test('the socket is for this user alone, and answers nonsense with an error', async (t) => {
  const home = createTestHome(t);
  await startUp(home);
  assert.equal(statSync(dirname(home.paths.socket)).mode & 0o777, 0o700);
  assert.equal(statSync(home.paths.socket).mode & 0o777, 0o600);
  await assert.rejects(callRpc(home.paths.socket, 'constructor'), { code: -32601 });
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(home.paths.socket, () => socket.write('{"method"\n'));
    socket.on('data', (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString());
    });
  });
  assert.equal((JSON.parse(answer) as { error: { code: number } }).error.code, -32700);
  assert.equal((await patchcord(home, ['status'])).code, 0);
});

test('two homes cannot have one socket', async (t) => {
  const [one, two] = [createTestHome(t), createTestHome(t)];
  const env = { XDG_RUNTIME_DIR: one.env['XDG_RUNTIME_DIR'] };
  const up = await startUp(one);
  const refused = await patchcord(two, ['up', '--json', '--listen', 'loopback'], { env });
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'socket-taken');
  assert.equal((await patchcord(one, ['status'])).code, 0);

  up.kill('SIGTERM');
  await up.ended;
  const second = await startUp(two, [], { env });
  second.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);
});
