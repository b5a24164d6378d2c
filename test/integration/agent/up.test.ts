import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  createTestHome,
  failureOf,
  isEvent,
  issueDevice,
  linesOf,
  patchcord,
  startPatchcord,
  startUp,
  type TestHome,
} from '../../kit/agent.js';
import { createTestPki } from '../../kit/pki.js';
import { ask, get } from '../../kit/raw-client.js';
import { eventually } from '../../kit/until.js';
import { hashOf, put } from '../files/temp-store.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('the first up makes a device that lets in the devices of its user, and no one else', async (t) => {
  const home = createTestHome(t);
  const up = await startUp(home);

  assert.equal(up.ready.identity.isNew, true);
  assert.equal(modeOf(home.paths.home), 0o700);
  assert.equal(modeOf(home.paths.identity), 0o700);
  assert.deepEqual(readdirSync(home.paths.identity).sort(), [
    'leaf.key',
    'leaf.pem',
    'user-ca.key',
    'user-ca.pem',
  ]);
  for (const name of readdirSync(home.paths.identity))
    assert.equal(modeOf(join(home.paths.identity, name)), 0o600);

  const content = Buffer.from('a file of this device');
  const { id } = hashOf(content);
  put(home.paths.store, id, content);
  const device = issueDevice(home);
  const asked = async (target: string) => (await ask(up.port, device, get(target)))?.body.toString() ?? '';
  assert.equal((JSON.parse(await asked('/')) as { deviceId: string }).deviceId, up.ready.identity.deviceId);
  assert.deepEqual(JSON.parse(await asked('/couch/_all_dbs')), ['dmedia-0', 'patchcord']);
  assert.equal((JSON.parse(await asked('/couch/dmedia-0')) as { db_name: string }).db_name, 'dmedia-0');
  assert.equal(await asked(`/files/${id}`), content.toString());

  const { certPem, keyPem } = createTestPki().stranger.laptop;
  assert.equal(await ask(up.port, { cert: certPem, key: keyPem }, get('/')), null);
  const denied = await up.untilLine(isEvent('denied'));
  assert.equal(denied['rule'], 'issuer-unknown');

  up.kill('SIGTERM');
  const { code, stdout } = await up.ended;
  assert.equal(code, 0);
  assert.equal(linesOf(stdout).at(-1)?.['event'], 'stopped');
});

test('up refuses to go on where the profile must confine the gateway, and none does', async (t) => {
  const home = createTestHome(t);
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback', '--require-confinement']);
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'not-confined');
  assert.ok(refused.stdout.includes('"hint":"See `patchcord doctor`."'));
});

test('a later up is the same device', async (t) => {
  const home = createTestHome(t);
  const identities = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const up = await startUp(home);
    identities.push(up.ready.identity);
    up.kill(signal);
    assert.equal((await up.ended).code, 0);
  }
  const [first, second] = identities;
  assert.deepEqual(second, { ...first, isNew: false });
});

test('there is one up for each home, and one that was killed leaves no lock', async (t) => {
  const home = createTestHome(t);
  const first = await startUp(home);
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(refused.code, 69);
  assert.equal(failureOf(refused), 'already-up');
  assert.deepEqual(linesOf(refused.stdout).filter(isEvent('stopped')), []);

  first.kill('SIGKILL');
  await first.ended;
  const second = await startUp(home);
  second.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);
});

test('an up that is killed takes its children with it', async (t) => {
  const up = await startUp(createTestHome(t));
  const ports = [up.port, Number(new URL(up.ready.couchdb.url).port)];
  up.kill('SIGKILL');
  const isFree = (host: string, port: number): Promise<true | null> =>
    new Promise((resolve) => {
      const socket = connect({ host, port })
        .on('connect', () => resolve(null))
        .on('error', () => resolve(true));
      socket.on('close', () => socket.destroy());
      socket.unref();
    });
  await eventually(() => isFree('::1', ports[0] ?? 0));
  await eventually(() => isFree('127.0.0.1', ports[1] ?? 0));
});

test('an up that is interrupted while it starts ends in good order', async (t) => {
  const home = createTestHome(t);
  const up = startPatchcord(home, ['up', '--json', '--listen', 'loopback']);
  await eventually(() => (existsSync(home.paths.couch) ? true : null));
  up.kill('SIGINT');
  assert.equal((await up.ended).code, 0);
});

test('people read who this is, where it listens, what it serves and what to do next', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({ name: 'Ada’s laptop' });
  const up = startPatchcord(home, ['up', '--listen', 'loopback']);
  await up.untilText('Ctrl-C');
  for (const text of ['"Ada’s laptop"', '[::1] port', 'embedded', 'dmedia-0', home.paths.store])
    assert.ok(up.stdout().includes(text), text);
  up.kill('SIGINT');
  const { code, stdout } = await up.ended;
  assert.equal(code, 0);
  assert.ok(!stdout.includes('\u001b'));
});

/** What `up` says of itself when it listens on these links, until what to do next. */
async function readyText(t: TestContext, links: string): Promise<string> {
  const up = startPatchcord(createTestHome(t), ['up', '--listen', links]);
  await up.untilText('stops everything');
  up.kill('SIGINT');
  const { code, stdout } = await up.ended;
  assert.equal(code, 0);
  return stdout;
}

test('links that are not there are waited for, and it says so, and which there are', async (t) => {
  const missing = await readyText(t, 'no-such-link');
  for (const text of ['nowhere yet', '--listen loopback', 'No link here is called no-such-link.'])
    assert.ok(missing.includes(text), text);
  // What may be done next stands in two columns.
  const purposes = ['to try it', 'puts a file in', 'tells how it is', 'stops everything'];
  const lines = missing.split('\n');
  const columns = purposes.map((text) => Math.max(...lines.map((line) => line.indexOf(text))));
  assert.deepEqual(new Set(columns).size, 1, missing);
  const [, told = ''] = /The links here: (.*)\./.exec(missing) ?? [];
  const links = readdirSync('/sys/class/net', { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && entry.name !== 'lo')
    .map(({ name }) => name);
  assert.deepEqual(told, links.length === 0 ? 'none' : links.join(', '));

  const idle = await readyText(t, 'lo');
  assert.ok(idle.includes('nowhere yet') && !idle.includes('No link here'));
});

test('a --listen that names no link is a wrong use of that option, and not of the configuration', async (t) => {
  const home = createTestHome(t);
  for (const command of ['up', 'join']) {
    for (const where of ['enp 3', '', 'enp3s0,', 'a-name-that-is-too-long']) {
      const refused = await patchcord(home, [command, '--json', '--listen', where]);
      assert.deepEqual([refused.code, failureOf(refused)], [64, 'invalid-argument']);
      assert.ok(refused.stdout.includes("'--listen <where>'") && !refused.stdout.includes('$.'));
    }
  }
  assert.ok(!existsSync(home.paths.home));
});

test('a configuration tells all of its problems at once', async (t) => {
  const home = createTestHome(t);
  home.writeConfig({
    name: '',
    listen: { on: 'loopback', port: 70_000 },
    couchdb: { url: 'http://example.org/', admin: { username: 'admin' } },
    polcy: {},
  });
  const { code, stdout } = await patchcord(home, ['up', '--json']);
  assert.equal(code, 78);
  const [{ error } = { error: null }] = linesOf(stdout) as unknown as {
    error: { problems: { path: string }[] };
  }[];
  assert.deepEqual(
    error?.problems.map(({ path }) => path),
    ['$.name', '$.listen.port', '$.couchdb.admin.password', '$.polcy'],
  );
});

test('a configuration is judged as the gateway would, before anything is started', async (t) => {
  const home = createTestHome(t);
  const role = (databases: unknown[]) => ({ databases, files: 'none', credentials: 'own' });
  const { certPem } = createTestPki().grace.ca;
  home.writeConfig({
    couchdb: { url: 'http://example.org/' },
    trust: { cas: { grace: certPem } },
    policy: {
      roles: {
        crew: role([{ name: 'patch*', access: 'read' }]),
        lost: role([{ name: '_users', access: 'read' }]),
      },
      principals: [
        { issuer: 'grace', role: 'crew' },
        { issuer: 'nobody', role: 'crew' },
      ],
    },
  });
  const { code, stdout } = await patchcord(home, ['up', '--json']);
  assert.equal(code, 78);
  const [{ error } = { error: null }] = linesOf(stdout) as unknown as {
    error: { problems: { path: string }[] };
  }[];
  assert.deepEqual([...new Set(error?.problems.map(({ path }) => path))].sort(), [
    '$.couchdb.url',
    '$.policy.principals[1].issuer',
    '$.policy.roles.crew.databases',
    '$.policy.roles.lost.databases[0].name',
  ]);
  assert.ok(!existsSync(home.paths.home));
});

test('keys that others can read are refused', async (t) => {
  const home = createTestHome(t);
  const first = await startUp(home);
  first.kill('SIGTERM');
  await first.ended;
  const key = join(home.paths.identity, 'leaf.key');

  chmodSync(key, 0o640);
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(refused.code, 78);
  assert.equal(failureOf(refused), 'wrong-mode');
  assert.ok(!refused.stdout.includes(readFileSync(key, 'utf8').split('\n')[1] ?? ''));

  chmodSync(key, 0o600);
  const again = await startUp(home);
  again.kill('SIGTERM');
  assert.equal((await again.ended).code, 0);
});

test('an identity that is not whole is refused, and never made anew', async (t) => {
  const home = createTestHome(t);
  const first = await startUp(home);
  first.kill('SIGTERM');
  await first.ended;
  const certificate = readFileSync(join(home.paths.identity, 'leaf.pem'));

  rmSync(join(home.paths.identity, 'leaf.pem'));
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(refused.code, 78);
  assert.equal(failureOf(refused), 'identity');

  writeFileSync(join(home.paths.identity, 'leaf.pem'), certificate, { mode: 0o600 });
  const again = await startUp(home);
  assert.equal(again.ready.identity.isNew, false);
  again.kill('SIGTERM');
  assert.equal((await again.ended).code, 0);
});

test('an unknown option is a wrong use, and help is none', async (t) => {
  const home = createTestHome(t);
  assert.equal((await patchcord(home, ['up', '--lissen', 'loopback'])).code, 64);
  assert.equal((await patchcord(home, ['up', '--port', '70000'])).code, 64);
  const help = await patchcord(home, ['up', '--help']);
  assert.equal(help.code, 0);
  assert.ok(help.stdout.includes('--listen'));
});

test('a port that is taken ends the start, which says which port, and where it was set', async (t) => {
  const { port } = await startUp(createTestHome(t));
  const home = createTestHome(t);
  const problemsOf = async (args: readonly string[]): Promise<unknown> => {
    const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback', ...args]);
    assert.equal(refused.code, 71);
    assert.equal(failureOf(refused), 'gateway-refused');
    const last = linesOf(refused.stdout).find((line) => 'error' in line);
    return (last as { error: { problems: unknown } } | undefined)?.error.problems;
  };
  const reason = `${port} is taken`;
  assert.deepEqual(await problemsOf(['--port', String(port)]), [{ path: '--port', reason }]);
  home.writeConfig({ listen: { port } });
  assert.deepEqual(await problemsOf([]), [{ path: '$.listen.port', reason }]);
});

/** The process ids of an up's children; first the gateway's. */
async function childrenOf(home: TestHome): Promise<string[]> {
  const [status] = linesOf((await patchcord(home, ['status', '--json'])).stdout);
  const pid = Number(status?.['pid']);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const isGateway = (child: string): boolean =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('patchcord-gateway');
  return [...children].sort((one, other) => Number(isGateway(other)) - Number(isGateway(one)));
}

test('a gateway that is killed is started again, with what holds now; nothing is left in the end', async (t) => {
  const home = createTestHome(t);
  const up = await startUp(home);
  const [gateway = ''] = await childrenOf(home);
  process.kill(Number(gateway), 'SIGKILL');
  await up.untilLine(isEvent('gateway-ended'));
  const again = await up.untilLine(isEvent('gateway-restarted'));
  const [listener] = again['listeners'] as { port: number }[];
  assert.equal((await ask(listener?.port ?? 0, issueDevice(home), get('/')))?.status, 200);
  const children = await childrenOf(home);
  assert.ok(!children.includes(gateway));

  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
  for (const child of children) assert.ok(!existsSync(`/proc/${child}`), 'a child is left');
});
