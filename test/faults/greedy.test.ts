// Slow and greedy clients, several hundred at once: a good one beside them gets every answer. How long it waits for them,
// beside what it waited without them, depends on the machine, and is measured when that is asked for:
//   GREEDY_SECONDS=20 node scripts/test.js faults/greedy     measures for so long, each
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:https';
import { after, before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashOf, makeStore, pattern, put } from '../integration/files/temp-store.js';
import { createEnv, tlsOf } from '../kit/env.js';
import { startGateway } from '../kit/gateway.js';
import type { GreedyPlan } from '../kit/greedy-clients.js';
import { GREEDY_COUNTS, type GreedyKind } from '../kit/greedy-counts.js';
import { createTestPki } from '../kit/pki.js';
import { startStreamingUpstream, type StreamingUpstream } from '../kit/streaming-upstream.js';

const { GREEDY_SECONDS } = process.env;
/** Of the good client, where nothing is measured: of each path several, and some on new connections. */
const ANSWERS = 60;
/** Of the time that 99 of 100 answers take; what is aimed at is 3. */
const MOST_TIMES = 50;
const GREEDY = fileURLToPath(new URL('../kit/greedy-clients.js', import.meta.url));
/** On loopback all have one address: strangers of it would take the place of the good one's own handshakes. */
const LIMITS = {
  ...{ strangers: 256, strangersPerAddress: 256 },
  /** Fewer than the greedy ones ask at once: what they are refused is not the good one's. */
  requestsPerPrincipal: 40,
};
const MIB = 1024 * 1024;

let upstream: StreamingUpstream;
before(async () => {
  upstream = await startStreamingUpstream();
  upstream.handle = ({ url }, response) => {
    if (url?.includes('feed=continuous') === true) response.writeHead(200).write('\n');
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"_id":"a"}');
  };
});
after(() => upstream.close());

/** Milliseconds of each answer; each of `paths` in turn, one in twenty on a new connection. */
async function ask(port: number, leaf: object, paths: readonly string[]): Promise<number[]> {
  const agent = new Agent({ ...leaf, rejectUnauthorized: false, keepAlive: true, maxSockets: 1 });
  const once1 = new Agent({ ...leaf, rejectUnauthorized: false, maxCachedSessions: 0 });
  const took: number[] = [];
  const until = performance.now() + Number(GREEDY_SECONDS) * 1000;
  const isEnough = (): boolean =>
    GREEDY_SECONDS === undefined ? took.length >= ANSWERS : performance.now() >= until;
  for (let turn = 0; !isEnough(); turn++) {
    const start = performance.now();
    const path = paths[turn % paths.length];
    const request = get({ host: '::1', port, path, agent: turn % 20 === 19 ? once1 : agent });
    const [reply] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    assert.equal(reply.statusCode, 200);
    await once(reply.resume(), 'end');
    took.push(performance.now() - start);
  }
  agent.destroy();
  once1.destroy();
  return took.sort((one, other) => one - other);
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;

/** Each kind by itself, where there is time; and all together. */
const ALL = Object.keys(GREEDY_COUNTS) as GreedyKind[];
const GROUPS = GREEDY_SECONDS === undefined ? [ALL] : [...ALL.map((kind) => [kind]), ALL];

const describe99 = (sorted: readonly number[]): string =>
  `p50 ${percentile(sorted, 0.5).toFixed(2)} ms, p99 ${percentile(sorted, 0.99).toFixed(2)} ms of ${sorted.length}`;

test('a good client beside hundreds of slow and greedy ones', async (t) => {
  const pki = createTestPki();
  const store = makeStore(t);
  const [small, large] = [pattern(65_536), pattern(64 * MIB, 1)];
  const [{ id }, { id: blob }] = [hashOf(small), hashOf(large)];
  put(store, id, small);
  put(store, blob, large);
  const env = createEnv({ pki, couchUrl: upstream.url, stores: [store], limits: LIMITS });
  const gateway = await startGateway(env);
  t.after(() => gateway.stop());
  const good = (): Promise<number[]> =>
    ask(gateway.port, tlsOf(pki.ada.desktop), ['/', `/files/${id}`, '/couch/dmedia-0/a']);
  await good();
  const [greedy, stranger] = [tlsOf(pki.ada.camera), tlsOf(pki.stranger.laptop)];
  for (const kinds of GROUPS) {
    const quiet = await good();
    const attackers = startGreedy(t, { port: gateway.port, greedy, stranger, blob, kinds });
    await once(attackers.stdout, 'data');
    const attacked = await good();
    attackers.kill('SIGKILL');
    await once(attackers, 'exit');
    const times = percentile(attacked, 0.99) / percentile(quiet, 0.99);
    t.diagnostic(
      `${kinds.join(' ')}: ${describe99(quiet)}; beside them ${describe99(attacked)}: ${times.toFixed(1)} times`,
    );
    if (GREEDY_SECONDS !== undefined) assert.ok(times < MOST_TIMES);
  }
});

function startGreedy(t: TestContext, plan: GreedyPlan) {
  const attackers = spawn(process.execPath, [GREEDY], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => attackers.kill('SIGKILL'));
  attackers.stdin.end(JSON.stringify(plan));
  return attackers;
}
