// The launcher's contract (docs/protocol-control.md): env, control, events, exit codes, and what is never printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { GatewayError, launchGateway } from '../../../dist/index.js';
import { createEnv, tlsOf } from '../../kit/env.js';
import { isEvent, startGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { spawnGateway } from '../../kit/process.js';
import { ask, connectRaw, get } from '../../kit/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';

const pki = createTestPki();
let upstream: RecordingUpstream;
before(async () => (upstream = await startRecordingUpstream()));
after(() => upstream.close());

const soundEnv = (more: Record<string, unknown> = {}) => createEnv({ pki, couchUrl: upstream.url, more });
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const request = (id: number | undefined, method: string, params?: unknown): string =>
  line({ jsonrpc: '2.0', id, method, params });

describe('starting', () => {
  test('ready tells the listeners and what confines, and status agrees', async () => {
    const gateway = await startGateway(soundEnv());
    const { listeners, confinedBy, time } = gateway.ready;
    assert.deepEqual(listeners, [{ address: '::1', zone: null, port: gateway.port }]);
    assert.ok(confinedBy.includes('node-permission'));
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const status = (await gateway.call('status')) as Record<string, unknown>;
    assert.deepEqual(status['confinedBy'], confinedBy);
    assert.deepEqual(status['listeners'], listeners);
    assert.deepEqual(status['connections'], []);
    assert.equal(await gateway.stop(), 0);
  });

  test('a bad env is one fatal event with every problem, and exit 78', async () => {
    const env = { ...soundEnv(), versoin: 1, listen: { on: 'loopback', port: -1 } };
    await assert.rejects(launchGateway(env), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.exitCode, 78);
      assert.deepEqual(
        error.problems.map(({ path }) => path),
        ['$.versoin', '$.listen.port'],
      );
      return true;
    });
  });

  for (const [name, input] of [
    ['no JSON', '{"version":\n'],
    ['no object', '[]\n'],
    ['a line of more than 1 MiB', `${'x'.repeat(1024 * 1024 + 1)}\n`],
  ] as const) {
    test(`${name} is fatal, exit 78`, async () => {
      const gateway = spawnGateway(input);
      assert.equal(await gateway.exited, 78);
      assert.deepEqual(
        gateway.lines.map(({ event }) => event),
        ['fatal'],
      );
      assert.equal(gateway.stderr(), '');
    });
  }

  test('an env of just under 1 MiB is read', async () => {
    const env = soundEnv();
    const padding = ' '.repeat(1024 * 1024 - Buffer.byteLength(JSON.stringify(env)));
    const gateway = spawnGateway(`${JSON.stringify(env)}${padding}\n`);
    await gateway.until(isLine('ready'));
    gateway.child.stdin.end();
    assert.equal(await gateway.exited, 0);
  });

  test('stdin that ends before the env is fatal, exit 78', async () => {
    const gateway = spawnGateway('');
    gateway.child.stdin.end();
    assert.equal(await gateway.exited, 78);
  });

  test('a named port that is taken is fatal, exit 71; a free one is listened on', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '::1', resolve));
    const { port } = taken.address() as AddressInfo;
    const env = { ...soundEnv(), listen: { on: 'loopback', port } };
    await assert.rejects(launchGateway(env), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.exitCode, 71);
      assert.deepEqual(error.problems, [{ path: '$.listen.port', reason: 'is taken' }]);
      return true;
    });
    await new Promise((resolve) => taken.close(resolve));
    const gateway = await startGateway(env);
    assert.equal(gateway.port, port);
    await gateway.stop();
  });

  test('a device without a leaf starts with no listener', async () => {
    const gateway = await startGateway({ version: 1, listen: { on: 'loopback' } });
    assert.deepEqual(gateway.ready.listeners, []);
    assert.equal(await gateway.stop(), 0);
  });

  test('links that are not there yet are waited for', async () => {
    const gateway = await startGateway({ ...soundEnv(), listen: { on: ['nolink0'] } });
    assert.deepEqual(gateway.ready.listeners, []);
    assert.equal(await gateway.stop(), 0);
  });

  test('an own leaf that has expired is warned of, and served with', async () => {
    const years = 3 * 365 * 24 * 3600 * 1000;
    const old = createTestPki(new Date(Date.now() - years));
    const gateway = await startGateway(createEnv({ pki: old, couchUrl: upstream.url }));
    await gateway.until(isEvent('warning', { code: 'leaf-dates' }));
    await gateway.stop();
  });

  test('requireConfinement refuses where no profile does', async () => {
    await assert.rejects(launchGateway(soundEnv(), { requireConfinement: true }), GatewayError);
  });

  test('it has no core dump, and nothing of its launcher’s environment', async () => {
    process.env['PATCHCORD_TEST_LEAK'] = 'leak';
    const gateway = await startGateway(soundEnv());
    delete process.env['PATCHCORD_TEST_LEAK'];
    assert.match(readFileSync(`/proc/${gateway.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
    assert.ok(!readFileSync(`/proc/${gateway.pid}/environ`, 'utf8').includes('PATCHCORD_TEST_LEAK'));
    await gateway.stop();
  });
});

describe('control', () => {
  test('answers what it does not know with the codes of JSON-RPC', async () => {
    const gateway = spawnGateway(line(soundEnv()));
    await gateway.until(isLine('ready'));
    gateway.write('nonsense\n');
    gateway.write(line([]));
    gateway.write(line({ jsonrpc: '2.0', id: {}, method: 'status' }));
    gateway.write(`${'x'.repeat(1024 * 1024 + 1)}\n`);
    gateway.write(request(1, 'no-such-method', {}));
    gateway.write(request(2, 'reload', []));
    gateway.write(request(undefined, 'status'));
    gateway.write(request(3, 'status'));
    await gateway.until(({ id }) => id === 3);
    const answers = gateway.lines.filter(({ jsonrpc }) => jsonrpc === '2.0');
    assert.deepEqual(
      answers.map(({ id, error }) => [id, (error as { code: number } | undefined)?.code]),
      [
        [null, -32700],
        [null, -32600],
        [null, -32600],
        [null, -32600],
        [1, -32601],
        [2, -32602],
        [3, undefined],
      ],
    );
    gateway.child.stdin.end();
    assert.equal(await gateway.exited, 0);
  });

  test('a reload with problems changes nothing and tells them all', async () => {
    const gateway = await startGateway(soundEnv());
    const params = {
      trust: { cas: {} },
      policy: { roles: {}, principals: [{ issuer: 'x', role: 'y' }] },
      nope: 1,
    };
    await assert.rejects(gateway.call('reload', params), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.code, -32602);
      const paths = error.problems.map(({ path }) => path);
      for (const path of ['$.nope', '$.trust.cas.user', '$.policy.principals[0].role'])
        assert.ok(paths.includes(path), path);
      return true;
    });
    const reply = await ask(gateway.port, tlsOf(pki.ada.desktop), get('/'));
    assert.equal(reply?.status, 200);
    await gateway.stop();
  });
});

describe('ending', () => {
  for (const [name, end] of [
    ['the end of stdin', (gateway) => void gateway.child.stdin.end()],
    ['stop', (gateway) => gateway.write(request(9, 'stop'))],
    ['SIGTERM', (gateway) => void gateway.child.kill('SIGTERM')],
    ['SIGINT', (gateway) => void gateway.child.kill('SIGINT')],
  ] as readonly (readonly [string, (gateway: ReturnType<typeof spawnGateway>) => void])[]) {
    test(`${name} drains, says stopped, and exits with 0`, async () => {
      const gateway = spawnGateway(line(soundEnv()));
      const ready = await gateway.until(isLine('ready'));
      const [listener] = ready['listeners'] as { port: number }[];
      const idle = connectRaw(listener?.port ?? 0, tlsOf(pki.ada.desktop));
      await gateway.until(isLine('connected'));
      end(gateway);
      assert.equal(await gateway.exited, 0);
      assert.equal(gateway.lines.at(-1)?.['event'], 'stopped');
      await idle.closed;
    });
  }

  test('a request under way is answered before the end', async () => {
    const slow = await startRecordingUpstream();
    slow.answer = () => null;
    const gateway = await startGateway(createEnv({ pki, couchUrl: slow.url }));
    const asked = ask(gateway.port, tlsOf(pki.ada.desktop), get('/couch/dmedia-0'));
    while (slow.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const stopped = gateway.stop();
    await gateway.until(isEvent('unlistening'));
    for (const socket of slow.sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    assert.equal((await asked)?.status, 200);
    assert.equal(await stopped, 0);
    await slow.close();
  });

  test('SIGUSR1 opens no inspector', async () => {
    const gateway = spawnGateway(line(soundEnv()));
    await gateway.until(isLine('ready'));
    gateway.child.kill('SIGUSR1');
    gateway.write(request(1, 'status'));
    await gateway.until(({ id }) => id === 1);
    gateway.child.stdin.end();
    assert.equal(await gateway.exited, 0);
    assert.doesNotMatch(gateway.stderr(), /Debugger|inspector/);
  });
});

test('a launcher that does not read costs a bounded backlog, and is told what it missed', async (t) => {
  const perCall = 100;
  const credentials = Object.fromEntries(
    Array.from({ length: perCall }, (_, index) => [`c${index}`, { basic: { username: 'u', password: 'p' } }]),
  );
  const couchdb = { url: upstream.url, credentials };
  const { session } = upstream;
  upstream.session = () => ({ status: 200, name: 'somebody-else', roles: [] });
  t.after(() => void (upstream.session = session));
  const env = createEnv({ pki, couchUrl: upstream.url, roles: {}, principals: [], more: { couchdb } });
  const gateway = spawnGateway(line(env));
  await gateway.until(isLine('ready'));
  gateway.child.stdout.pause();
  const calls = 80;
  // Each is answered, and makes a warning for each credential.
  for (let id = 1; id <= calls; id++) gateway.write(request(id, 'reload', { discovery: {} }));
  await isIdle(gateway.child.pid);
  gateway.child.stdout.resume();
  await gateway.until(({ id }) => id === calls);
  await gateway.until(({ code }) => code === 'events-dropped');
  const answered = gateway.lines.filter(({ jsonrpc }) => jsonrpc === '2.0').length;
  assert.equal(answered, calls);
  gateway.child.stdin.end();
  assert.equal(await gateway.exited, 0);
});

test('nothing secret is printed in a whole life', async () => {
  const env = soundEnv({ peerStreams: { port: 0, tokens: { replicator: 'token-that-nobody-reads' } } });
  const gateway = spawnGateway(line(env));
  const ready = await gateway.until(isLine('ready'));
  const [listener] = ready['listeners'] as { port: number }[];
  const port = listener?.port ?? 0;
  await ask(port, tlsOf(pki.ada.desktop), get('/couch/dmedia-0/_security'));
  await ask(port, tlsOf(pki.stranger.laptop), get('/'));
  await ask(port, tlsOf(pki.ada.desktop), 'nonsense\r\n\r\n');
  gateway.write(request(1, 'status'));
  gateway.write(request(2, 'reload', { couchdb: { ...env.couchdb, url: 'own-password-of-the-test' } }));
  await gateway.until(({ id }) => id === 2);
  gateway.child.stdin.end();
  await gateway.exited;
  const printed = JSON.stringify(gateway.lines) + gateway.stderr();
  const keyText = pki.ada.laptop.keyPem.split('\n')[1] ?? '';
  for (const secret of [
    'own-password-of-the-test',
    'novel-password-of-the-test',
    'token-that-nobody-reads',
    keyText,
  ]) {
    assert.ok(secret.length > 10 && !printed.includes(secret), `${secret.slice(0, 4)}… was printed`);
  }
});

const isLine =
  (event: string) =>
  (entry: Record<string, unknown>): boolean =>
    entry['event'] === event;

/** Resolves when the process has used no processor time for a while: it waits, and so for its launcher. */
async function isIdle(pid: number | undefined): Promise<void> {
  const usedBy = (): string =>
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(' ')
      .slice(13, 15)
      .join();
  let last = '';
  for (let looks = 0; looks < 10; looks++) {
    const used = usedBy();
    if (used !== last) looks = 0;
    last = used;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
