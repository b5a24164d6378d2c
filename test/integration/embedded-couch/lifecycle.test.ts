// The process: started, killed, orphaned, stopped, and started where it cannot be.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  EmbeddedCouchError,
  startEmbeddedCouch,
  type EmbeddedCouch,
} from '../../../dist/agent/embedded-couch/embedded-couch.js';
import { EXIT_CODES, parseChildMessage } from '../../../dist/agent/embedded-couch/messages.js';
import { ADMIN, createClient, next, startTestCouch } from '../../kit/embedded-couch.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchcord-life-'));
});
after(() => rm(folder, { recursive: true }));

const CHILD = resolve('dist/agent/embedded-couch/child.js');

const start = (name: string, port = 0): Promise<EmbeddedCouch> =>
  startEmbeddedCouch({ folder: join(folder, name), port, admin: ADMIN, onEvent: () => undefined });

const failsWith = (code: EmbeddedCouchError['code']) => (error: unknown) =>
  error instanceof EmbeddedCouchError && error.code === code;

test('killed, it is started again on the same port, and the data is there', async () => {
  const server = await startTestCouch();
  const { port } = server.couch;
  await server.createDatabase('kept', []);
  assert.equal((await server.ask('PUT', '/kept/doc', { as: ADMIN, body: { n: 1 } })).status, 201);
  for (let round = 0; round < 2; round++) {
    const [died, listening] = [next(server.events, 'died'), next(server.events, 'listening')];
    const killed = server.pid();
    process.kill(killed, 'SIGKILL');
    assert.equal((await died).signal, 'SIGKILL');
    assert.equal((await listening).port, port);
    assert.notEqual(server.pid(), killed);
    const { body } = await server.ask('GET', '/kept/doc', { as: ADMIN });
    assert.equal((body as { n: number }).n, 1);
    // The security object too.
    assert.equal((await server.ask('GET', '/kept')).status, 401);
  }
  await server.close();
});

test('each death doubles the time until the next start', async () => {
  const server = await startTestCouch();
  const delays: number[] = [];
  for (let round = 0; round < 3; round++) {
    const [died, listening] = [next(server.events, 'died'), next(server.events, 'listening')];
    process.kill(server.pid(), 'SIGKILL');
    delays.push((await died).restartInMs);
    await listening;
  }
  assert.deepEqual(delays, [100, 200, 400]);
  await server.close();
});

test('it can be closed while it waits to be started again', async () => {
  const server = await startTestCouch();
  const died = next(server.events, 'died');
  process.kill(server.pid(), 'SIGKILL');
  await died;
  await server.close();
});

test('closing lets a request finish, and then the process is gone', async () => {
  const server = await startTestCouch();
  await server.createDatabase('busy', []);
  const docs = Array.from({ length: 500 }, (_, n) => ({ n }));
  const feed = await server.open('GET', '/busy/_changes?feed=continuous', {
    as: ADMIN,
  });
  const written = server.ask('POST', '/busy/_bulk_docs', { as: ADMIN, body: { docs } });
  // The feed tells that the writing is under way.
  const reader = feed.body?.getReader();
  await reader?.read();
  const pid = server.pid();
  const closed = server.close();
  assert.equal((await written).status, 201);
  await closed;
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(server.ask('GET', '/_up'));
});

test('a process that does not stop when it is asked to is killed', async () => {
  const server = await startTestCouch();
  const pid = server.pid();
  process.kill(pid, 'SIGSTOP');
  await server.close();
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('when the parent is killed the child ends by itself', async () => {
  const module = pathToFileURL(resolve('dist/agent/embedded-couch/embedded-couch.js')).href;
  const options = { folder: join(folder, 'orphan'), port: 0, admin: ADMIN };
  const script = `
    const { startEmbeddedCouch } = await import(${JSON.stringify(module)});
    const onEvent = (event) => console.log(JSON.stringify(event));
    await startEmbeddedCouch({ ...${JSON.stringify(options)}, onEvent });
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const client = createClient(`http://127.0.0.1:${port}/`);
  assert.equal((await client.ask('GET', '/_up')).status, 200);
  // The child has the parent's stderr: it closes when both are gone.
  parent.stderr.resume();
  const allGone = once(parent.stderr, 'close');
  parent.kill('SIGKILL');
  await allGone;
  await assert.rejects(client.ask('GET', '/_up'));
});

test('it listens on 127.0.0.1 alone, and its folder is its owner’s alone', async () => {
  const couch = await start('private');
  const listening = await readFile('/proc/net/tcp', 'utf8');
  const hex = couch.port.toString(16).toUpperCase().padStart(4, '0');
  assert.ok(listening.includes(` 0100007F:${hex} 00000000:0000 0A`));
  assert.ok(!listening.includes(` 00000000:${hex} `));
  assert.equal((await stat(join(folder, 'private'))).mode & 0o777, 0o700);
  await couch.close();
});

test('nothing secret is in its arguments or its environment', async () => {
  const server = await startTestCouch();
  for (const file of ['cmdline', 'environ'])
    assert.ok(!(await readFile(`/proc/${server.pid()}/${file}`, 'latin1')).includes(ADMIN.password));
  await server.close();
});

test('the admin of this run is the only one: the last run’s is forgotten', async () => {
  const first = await start('forgets');
  await first.close();
  const admin = { username: 'root', password: 'another' };
  const second = await startEmbeddedCouch({
    folder: join(folder, 'forgets'),
    port: 0,
    admin,
    onEvent: () => undefined,
  });
  const client = createClient(second.url);
  assert.equal((await client.ask('GET', '/_all_dbs', { as: ADMIN })).status, 401);
  assert.equal((await client.ask('GET', '/_all_dbs', { as: admin })).status, 200);
  await second.close();
});

test('a port that is taken is said to be, and one that is free is used', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await assert.rejects(start('port', port), failsWith('port-taken'));
  other.close();
  await once(other, 'close');
  const couch = await start('port', port);
  assert.equal(couch.port, port);
  await couch.close();
});

test('a folder that another server uses, or that is none, is said to be', async () => {
  const couch = await start('twice');
  await assert.rejects(start('twice'), failsWith('folder'));
  await couch.close();
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(start('file'), failsWith('folder'));
  await (await start('twice')).close();
});

interface Ended {
  readonly code: number | null;
  readonly line: string;
}

/** The child by itself, given this on stdin. */
async function runChild(file: string, input: string): Promise<Ended> {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
  child.stdin.on('error', () => undefined).end(input);
  const exited = once(child, 'close') as Promise<[number | null]>;
  let line = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (line += text));
  const [code] = await exited;
  return { code, line };
}

test('without an admin there is no server', async () => {
  const config = { folder: join(folder, 'party'), port: 0, admin: ADMIN };
  for (const bad of [
    '',
    'no JSON\n',
    '{}\n',
    JSON.stringify({ ...config, admin: undefined }) + '\n',
    JSON.stringify({ ...config, admin: { username: 'root', password: '' } }) + '\n',
    JSON.stringify({ ...config, folder: 'relative' }) + '\n',
    JSON.stringify({ ...config, host: '0.0.0.0' }) + '\n',
    JSON.stringify(config),
    'x'.repeat(100_000),
  ]) {
    const { code, line } = await runChild(CHILD, bad);
    assert.equal(code, EXIT_CODES.config, bad.slice(0, 80));
    assert.deepEqual(parseChildMessage(line)?.event, 'fatal');
    assert.ok(!line.includes(ADMIN.password));
  }
});

test('where the packages are not installed it says what to install', async () => {
  const bare = join(folder, 'bare');
  for (const part of ['agent/embedded-couch', 'core'])
    await cp(join('dist', part), join(bare, 'dist', part), { recursive: true });
  await mkdir(join(bare, 'node_modules'));
  // What it needs apart from the optional packages.
  for (const name of ['valibot', 'lru-cache'])
    await symlink(resolve('node_modules', name), join(bare, 'node_modules', name));
  await writeFile(join(bare, 'package.json'), '{"type":"module"}');
  const config = { folder: join(folder, 'unused'), port: 0, admin: ADMIN };
  const child = join(bare, 'dist/agent/embedded-couch/child.js');
  const { code, line } = await runChild(child, `${JSON.stringify(config)}\n`);
  assert.equal(code, EXIT_CODES['packages-missing']);
  const message = parseChildMessage(line);
  assert.ok(message?.event === 'fatal' && message.code === 'packages-missing');
  assert.match(message.reason, /npm install .*express-pouchdb/);
});
