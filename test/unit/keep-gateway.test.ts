// How often a gateway that ends by itself is started again.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../dist/agent/cli/failure.js';
import { keepGateway, RESTART_DELAYS_MS } from '../../dist/agent/up/keep-gateway.js';

const LONG_MS = 100_000;

/** Gateways that end at once with `code`, the first `count` of them; the next one stays. */
async function keep(
  t: TestContext,
  { count, code = null, runMs = 0 }: { count: number; code?: number | null; runMs?: number },
) {
  let [launched, clock] = [0, 0];
  const delays: number[] = [];
  const gateway = await keepGateway({
    launch() {
      launched += 1;
      const exited = launched <= count ? Promise.resolve(code) : new Promise<null>(() => undefined);
      return Promise.resolve({
        ready: {
          event: 'ready',
          time: '2026-01-01T00:00:00.000Z',
          listeners: [],
          confinedBy: [],
          peerStreams: null,
        },
        events: [] as unknown as AsyncIterable<never>,
        call: () => Promise.resolve('answered'),
        stop: () => Promise.resolve(0),
        exited,
      } as never);
    },
    onEvent: () => Promise.resolve(),
    onEnd(ms) {
      delays.push(ms);
      setImmediate(() => t.mock.timers.tick(ms));
      clock += runMs;
    },
    onRestart: () => (launched > count ? stopping.abort() : undefined),
    nowMs: () => (clock += runMs),
  });
  const stopping = new AbortController();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return { gateway, delays, until: stopping.signal, launched: () => launched };
}

test('it is started again with growing waits, until it stays', async (t) => {
  const { gateway, delays, until, launched } = await keep(t, { count: 3 });
  await gateway.run(until);
  assert.deepEqual(delays, RESTART_DELAYS_MS.slice(0, 3));
  assert.equal(launched(), 4);
  assert.equal(await gateway.call('status'), 'answered');
});

test('one that ends again and again is given up', async (t) => {
  const { gateway, delays, until } = await keep(t, { count: 100 });
  await assert.rejects(gateway.run(until), (error: Failure) => error.code === 'gateway-ended');
  assert.deepEqual(delays, [...RESTART_DELAYS_MS]);
  assert.equal(gateway.isUp(), false);
  await assert.rejects(gateway.call('status'));
});

test('and one that ran long between is not', async (t) => {
  const { gateway, delays, until } = await keep(t, { count: RESTART_DELAYS_MS.length + 2, runMs: LONG_MS });
  await gateway.run(until);
  assert.deepEqual(new Set(delays), new Set([RESTART_DELAYS_MS[0]]));
});

test('one that ends in good order is over', async (t) => {
  const { gateway, delays, until } = await keep(t, { count: 1, code: 0 });
  await gateway.run(until);
  assert.deepEqual(delays, []);
});
