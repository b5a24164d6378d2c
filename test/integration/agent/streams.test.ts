// The way to peers for local programs, as `patchcord up` makes it.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  createTestHome,
  failureOf,
  joinHome,
  linesOf,
  patchcord,
  startUp,
  type TestHome,
} from '../../kit/agent.js';
import { atLoopback, authorization } from '../../kit/streams.js';

interface Access {
  readonly port: number;
  readonly tokens: Readonly<Record<string, string>>;
}

const accessOf = ({ paths }: TestHome): Access =>
  JSON.parse(readFileSync(paths.peerStreams, 'utf8')) as Access;

/** Up and down again. */
async function upOnce(home: TestHome): Promise<void> {
  const up = await startUp(home);
  up.kill('SIGTERM');
  assert.equal((await up.ended).code, 0);
}

test('a local program reaches another device with what the home has for it, and nobody without', async (t) => {
  const [home, other] = [createTestHome(t), createTestHome(t)];
  assert.equal((await patchcord(home, ['init'])).code, 0);
  const deviceId = joinHome(other, home);
  const far = await startUp(other);
  home.writeConfig({ peerStreams: { addresses: { [deviceId]: [atLoopback(far.port)] } } });
  const up = await startUp(home);

  const { port, tokens } = accessOf(home);
  const place = { url: `http://127.0.0.1:${port}/peers/`, tokensIn: home.paths.peerStreams };
  assert.deepEqual(up.ready['peerStreams'], place);
  const ask = (token: string) =>
    fetch(`${place.url}${deviceId}/couch/_all_dbs`, { headers: { authorization: authorization(token) } });
  for (const token of [tokens['local'], tokens['replicator']]) {
    const reply = await ask(token ?? '');
    assert.deepEqual([reply.status, await reply.json()], [200, ['dmedia-0', 'patchcord']]);
  }
  assert.equal((await ask('another token of that length')).status, 401);

  const netrc = await patchcord(home, ['peers', '--netrc']);
  assert.equal(netrc.stdout, `machine 127.0.0.1 login patchcord password ${tokens['local'] ?? ''}\n`);
  const [text, json] = [await patchcord(home, ['status']), await patchcord(home, ['status', '--json'])];
  const [status] = linesOf(json.stdout);
  assert.deepEqual(status?.['peerStreams'], place);
  assert.deepEqual(
    (status['peers'] as { deviceId: string; isReached: boolean }[]).map((peer) => [
      peer.deviceId,
      peer.isReached,
    ]),
    [[deviceId, true]],
  );
  assert.ok(text.stdout.includes(`${deviceId.slice(0, 8)} reached over loopback`), text.stdout);
  const told = text.stdout + json.stdout + up.stdout();
  for (const token of Object.values(tokens)) assert.ok(!told.includes(token), 'a token was told');
});

test('the port and the token for programs are made once, that for replication at each start, for this user alone', async (t) => {
  const home = createTestHome(t);
  assert.equal(failureOf(await patchcord(home, ['peers', '--netrc', '--json'])), 'not-up');
  await upOnce(home);
  const first = accessOf(home);
  assert.deepEqual(Object.keys(first.tokens).sort(), ['local', 'replicator']);
  assert.equal(statSync(home.paths.peerStreams).mode & 0o777, 0o600);
  await upOnce(home);
  const second = accessOf(home);
  assert.deepEqual([second.port, second.tokens['local']], [first.port, first.tokens['local']]);
  assert.notEqual(second.tokens['replicator'], first.tokens['replicator']);

  // Whoever takes a token out gets a new one, and the others stay.
  const { local, ...others } = first.tokens;
  writeFileSync(
    home.paths.peerStreams,
    JSON.stringify({ ...first, tokens: { ...others, mine: '-'.repeat(16) } }),
  );
  await upOnce(home);
  const { tokens } = accessOf(home);
  assert.notEqual(tokens['local'], local);
  assert.equal(tokens['mine'], '-'.repeat(16));

  chmodSync(home.paths.peerStreams, 0o644);
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.deepEqual([refused.code, failureOf(refused)], [78, 'wrong-mode']);
  rmSync(home.paths.peerStreams);
  await upOnce(home);
});

test('the configuration may name the port, one that stays; and one that is taken is told', async (t) => {
  const home = createTestHome(t);
  await upOnce(home);
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  home.writeConfig({ peerStreams: { port } });
  const refused = await patchcord(home, ['up', '--json', '--listen', 'loopback']);
  assert.equal(refused.code, 71);
  assert.match(refused.stdout, /"\$\.peerStreams\.port"/);
  taken.close();
  await upOnce(home);
  assert.equal(accessOf(home).port, port);

  home.writeConfig({ peerStreams: { port: 0 }, discovery: { known: ['no id'] } });
  const { code, stdout } = await patchcord(home, ['config', 'check', '--json']);
  assert.equal(code, 78);
  const [{ error }] = linesOf(stdout) as unknown as [{ error: { problems: { path: string }[] } }];
  assert.deepEqual(error.problems.map(({ path }) => path).sort(), [
    '$.discovery.known[0]',
    '$.peerStreams.port',
  ]);
});
