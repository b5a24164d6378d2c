// The wall on the agent's side: its files know no TLS, and its processes, watched while they work, connect to this
// host's loopback and to Unix sockets, and to nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTestHome, patchcord, startUp } from '../../kit/agent.js';
import { readImportGraph, type ImportGraph } from '../../kit/import-graph.js';
import { recordReached } from '../../kit/reached.js';

const DIST = fileURLToPath(new URL('../../../dist/', import.meta.url));
const NETWORK = ['tls', 'https', 'http2', 'dgram', 'dns', 'dns/promises'];

/** The one exception: to a CouchDB behind https, where one is configured (docs/decisions/0011). */
const RELAY = `${DIST}adapters/couch-client/https-relay.js: tls`;

const usersOf = ({ builtins }: ImportGraph): string[] =>
  NETWORK.flatMap((name) => [...(builtins.get(name) ?? [])].map((file) => `${file}: ${name}`)).filter(
    (use) => use !== RELAY,
  );

describe('the agent’s files', () => {
  const graph = readImportGraph(join(DIST, 'agent/main.js'), { withPackages: false });

  test('load nothing that speaks with a network, and nothing of the gateway', () => {
    assert.deepEqual(usersOf(graph), []);
    assert.deepEqual(
      [...graph.modules.keys()].filter((file) => file.startsWith(`${DIST}gateway/`)),
      [],
    );
  });

  test('are followed to the embedded server, whose script is a child’s', () => {
    assert.ok([...graph.modules.keys()].some((file) => file.endsWith('embedded-couch/child.js')));
  });

  test('one that did would be found', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-wall-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const entry = join(folder, 'entry.js');
    writeFileSync(entry, `import '${DIST}agent/main.js';\nimport './other.js';\n`);
    writeFileSync(join(folder, 'other.js'), "import { connect } from 'node:tls';\n");
    assert.equal(usersOf(readImportGraph(entry, { withPackages: false })).length, 1);
  });
});

describe('the agent at work', () => {
  test('reaches loopback and Unix sockets, and nothing beyond', async (t) => {
    const home = createTestHome(t);
    const reached = recordReached(home.scratch);
    const up = await startUp(home, [], { env: reached.env });
    const file = join(home.scratch, 'a file');
    writeFileSync(file, 'its content');
    for (const args of [
      ['files', 'import', file],
      ['status'],
      ['peers'],
      ['provision', '--dry-run'],
      ['doctor'],
    ])
      await patchcord(home, args, { env: reached.env });
    up.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
    const targets = new Set(reached.all().map(({ to }) => to));
    assert.ok(targets.has('127.0.0.1'), 'the embedded server');
    assert.ok(
      [...targets].some((to) => to.endsWith('/agent.sock')),
      'the socket of `up`',
    );
    assert.deepEqual(reached.beyond(), []);
  });

  test('one that went beyond would be seen', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'patchcord-wall-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const reached = recordReached(folder);
    const script = `
      const { connect } = require('node:net');
      for (const to of [{ host: '192.0.2.1', port: 9 }, { host: '::1', port: 9 }, { path: '/nowhere' }])
        connect(to).on('error', () => {}).destroy();
      require('node:dgram').createSocket('udp6').send('x', 9, '::1');
      fetch('http://[2001:db8::1]:5984/').finally(() => process.exit());`;
    spawnSync(process.execPath, ['-e', script], { env: { ...process.env, ...reached.env } });
    const beyond = reached.beyond().map(({ to, by }) => (by === 'datagram' ? by : to));
    assert.deepEqual(new Set(beyond), new Set(['192.0.2.1', 'datagram', '2001:db8::1']));
  });
});
