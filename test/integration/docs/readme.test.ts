// What the README shows is run: its env, its app, its files, its commands.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { parseEnv } from '../../../dist/core/env/env.js';
import { readCredentials } from '../../../dist/agent/home/credentials.js';
import { createTestHome, joinHome, patchcord, PATCHCORD, startUp, type TestHome } from '../../kit/agent.js';
import { atLoopback } from '../../kit/streams.js';
import { tlsOf } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { createTestPki, type TestLeaf } from '../../kit/pki.js';
import { ask, get } from '../../kit/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../../kit/recording-upstream.js';
import { codeBlocks, codeSpans, namedBlock, readRepositoryFile, ROOT } from './markdown.js';

const readme = readRepositoryFile('README.md');
const pki = createTestPki();
const { ada, grace } = pki;

/** What the README leaves out, made for the occasion. */
const PLACEHOLDERS = new Map([
  ["<id of Ada's user CA>", ada.ca.userId],
  ["<id of the laptop's key>", ada.laptop.deviceId],
  ["<PEM: the laptop's leaf>", ada.laptop.certPem],
  ["<PEM: the laptop's key>", ada.laptop.keyPem],
  ["<PEM: Ada's user CA>", ada.ca.certPem],
  ["<PEM: Grace's user CA>", grace.ca.certPem],
  ['<id of a lost device>', ada.camera.deviceId],
  ["<id of Grace's laptop>", grace.laptop.deviceId],
]);

/** The env of the README, whole. */
function readmeEnv(): Record<string, unknown> {
  const text = namedBlock(readme, 'env').replace(/<[^>]+>/g, (placeholder) => {
    const value = PLACEHOLDERS.get(placeholder);
    assert.ok(value !== undefined, placeholder);
    return JSON.stringify(value).slice(1, -1);
  });
  return JSON.parse(text) as Record<string, unknown>;
}

let upstream: RecordingUpstream;
before(async () => (upstream = await startRecordingUpstream()));
after(() => upstream.close());

/** The same, listening where only this machine can reach it, before an upstream that is there. */
function localEnv(): Record<string, unknown> {
  const env = readmeEnv();
  const couchdb = { ...(env['couchdb'] as object), url: upstream.url };
  return { ...env, couchdb, listen: { on: 'loopback', port: 0 } };
}

describe('the env', () => {
  test('has no problem', () => assert.ok('env' in parseEnv(readmeEnv())));

  test('serves its own devices and the device of Grace, and neither the lost one nor a stranger', async (t) => {
    const gateway = await startGateway(localEnv());
    t.after(() => gateway.stop());
    const databasesOf = async (leaf: TestLeaf): Promise<unknown> => {
      const reply = await ask(gateway.port, tlsOf(leaf), get('/couch/_all_dbs'));
      return reply && JSON.parse(String(reply.body));
    };
    assert.deepEqual(await databasesOf(ada.desktop), ['dmedia-0', 'dmedia-0-novel', 'novacut-0-novel']);
    assert.deepEqual(await databasesOf(grace.laptop), ['dmedia-0-novel', 'novacut-0-novel']);
    assert.equal(await databasesOf(ada.camera), null);
    assert.equal(await databasesOf(pki.stranger.laptop), null);
    assert.equal((await ask(gateway.port, tlsOf(ada.desktop), get('/couch/dmedia-0')))?.status, 200);
  });
});

describe('the desktop app', () => {
  /** A folder in which the package is installed, with the app of the README and this env. */
  function startApp(t: TestContext, env: unknown) {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-app-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules', 'patchcord'));
    writeFileSync(join(folder, 'app.mjs'), namedBlock(readme, 'app'));
    writeFileSync(join(folder, 'env.json'), JSON.stringify(env));
    const child = spawn(process.execPath, ['app.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes: Buffer) => (said[name] += bytes.toString('utf8')));
    t.after(() => void child.kill('SIGKILL'));
    return { child, said, ended: once(child, 'close') as Promise<[number | null]> };
  }

  test('launches the gateway, tells its events, and stops it', async (t) => {
    const { child, said, ended } = startApp(t, localEnv());
    while (child.exitCode === null && !said.stdout.includes('listens'))
      await Promise.race([once(child.stdout, 'data'), ended]);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    assert.match(said.stdout, /^stopped /m);
    assert.match(said.stdout, /^ended 0$/m);
    assert.equal(said.stderr, '');
  });

  test('tells the problems of an env that is not good', async (t) => {
    const { said, ended } = startApp(t, { ...localEnv(), versoin: 1 });
    assert.deepEqual(await ended, [1, null]);
    assert.match(said.stderr, /^\$\.versoin /m);
  });

  test('is 15 lines', () => assert.equal(namedBlock(readme, 'app').split('\n').length - 1, 15));
});

describe('the files', () => {
  test('the configuration is good, and a misspelt one is not', async (t) => {
    const home = createTestHome(t);
    const path = join(home.scratch, 'config.json');
    const text = namedBlock(readme, 'config');
    writeFileSync(path, text);
    assert.equal((await patchcord(home, ['config', 'check', path])).code, 0);
    writeFileSync(path, text.replace('"couchdb"', '"cuochdb"'));
    assert.equal((await patchcord(home, ['config', 'check', path])).code, 78);
  });

  test('the credentials are read, when only their owner can', async (t) => {
    const { scratch } = createTestHome(t);
    const path = join(scratch, 'credentials.json');
    writeFileSync(path, namedBlock(readme, 'credentials'), { mode: 0o600 });
    assert.deepEqual(Object.keys((await readCredentials(path)) ?? {}), ['own']);
    writeFileSync(join(scratch, 'open.json'), namedBlock(readme, 'credentials'), { mode: 0o644 });
    await assert.rejects(readCredentials(join(scratch, 'open.json')), { code: 'wrong-mode' });
  });
});

describe('what is typed in a shell', () => {
  /** Runs a block of the README as it stands, with `patchcord` as it is when it is installed. */
  function runBlock(home: TestHome, block: string): Promise<{ code: number | null; output: string }> {
    const bin = join(home.scratch, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'patchcord'), `#!/bin/sh\nexec '${process.execPath}' '${PATCHCORD}' "$@"\n`, {
      mode: 0o700,
    });
    const env = { ...home.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const child = spawn('sh', ['-e'], { env, cwd: home.scratch, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(block);
    const output = readText(child.stdout);
    return once(child, 'close').then(async ([code]) => ({
      code: code as number | null,
      output: await output,
    }));
  }

  test('asks another device by its peer stream; and one that is away is told', async (t) => {
    const [home, other] = [createTestHome(t), createTestHome(t)];
    assert.equal((await patchcord(home, ['init'])).code, 0);
    const peer = joinHome(other, home);
    const far = await startUp(other);
    home.writeConfig({ peerStreams: { addresses: { [peer]: [atLoopback(far.port)] } } });
    await startUp(home);
    const block = namedBlock(readme, 'streams').replace('<id of the other device>', peer);
    const { code, output } = await runBlock(home, block);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(output), ['dmedia-0', 'patchcord']);
    far.kill('SIGTERM');
    await far.ended;
    assert.equal((JSON.parse((await runBlock(home, block)).output) as { error: string }).error, 'peer_away');
  });

  test('makes what a packager installs', async (t) => {
    const home = createTestHome(t);
    assert.equal((await runBlock(home, namedBlock(readme, 'packager'))).code, 0);
    assert.ok(readdirSync(join(home.scratch, 'man1')).includes('patchcord-files-import.1'));
    assert.ok(readFileSync(join(home.scratch, 'patchcord.bash'), 'utf8').includes('patchcord complete'));
  });
});

describe('the commands', () => {
  const { scripts } = JSON.parse(readRepositoryFile('package.json')) as { scripts: Record<string, string> };

  test('there are the two that set everything up', () => {
    for (const line of ['npm ci && npm start', 'npm ci && npm test'])
      assert.ok(
        codeBlocks(readme).some(({ text }) => text.split('\n').includes(line)),
        line,
      );
  });

  for (const words of commandsIn(readme, 'npm')) {
    test(`npm ${words.join(' ')}`, () => {
      const [verb = '', script = ''] = words;
      const isThere =
        ['ci', 'install', 'pack'].includes(verb) || Object.hasOwn(scripts, verb === 'run' ? script : verb);
      assert.ok(isThere);
    });
  }
  for (const words of commandsIn(readme, 'patchcord')) {
    test(`patchcord ${words.join(' ')}`, () => assertKnown(words, []));
  }
});

/** The arguments of each command line of `program`, in blocks of sh and between backticks. */
function commandsIn(markdown: string, program: string): string[][] {
  const blocks = codeBlocks(markdown).filter(({ language }) => language === 'sh');
  const lines = [...blocks.flatMap(({ text }) => text.split('\n')), ...codeSpans(markdown)];
  const commands = lines
    .flatMap((line) => line.split('&&'))
    .map((command) => command.replace(/#.*/, '').replace('node bin/', '').trim().split(/\s+/))
    .filter(([first, ...words]) => first === program && words.length > 0)
    .map(([, ...words]) => words);
  return [...new Map(commands.map((words) => [words.join(' '), words])).values()];
}

const helps = new Map<string, string>();

/** The help of a command, of the program itself for none. */
function helpOf(command: readonly string[]): string {
  const args = ['bin/patchcord', ...command, '--help'];
  const known = helps.get(args.join(' '));
  if (known !== undefined) return known;
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0);
  helps.set(args.join(' '), stdout);
  return stdout;
}

/** Fails unless the help names each word, as a command below the one before, and each option. */
function assertKnown(words: readonly string[], above: readonly string[]): void {
  const help = helpOf(above);
  const commands = /^Commands:\n([^]*?)\n\n/m.exec(`${help}\n\n`)?.[1] ?? '';
  const [word = '', ...rest] = words;
  if (word !== '' && new RegExp(`^ {2}${word} `, 'm').test(commands)) {
    if (word !== 'help') assertKnown(rest, [...above, word]);
    return;
  }
  if (above.length === 0) assert.match(word, /^-/, 'not a command');
  for (const option of words.filter((candidate) => candidate.startsWith('--')))
    assert.ok(help.includes(`${option} `), option);
}
