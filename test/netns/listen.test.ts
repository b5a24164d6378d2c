// Where the gateway listens: virtual cables with nothing but their automatic link-local addresses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TimedEvent } from '../../dist/index.js';
import { createEnv, tlsOf } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { createTestPki, type TestLeaf } from '../kit/pki.js';

const CLIENT = fileURLToPath(new URL('../kit/netns-client.js', import.meta.url));
const pki = createTestPki();
type Listening = Extract<TimedEvent, { event: 'listening' }>;

if (isInsideNamespace(import.meta.url)) {
  let other: OtherEnd;
  let gateway: TestGateway;

  before(async () => {
    ip('link set lo up');
    other = await createOtherEnd();
    plugCable('near0', 'far0', other);
    const env = createEnv({
      pki,
      couchUrl: 'http://127.0.0.1:9/',
      more: { listen: { on: ['near0', 'near1'] } },
    });
    gateway = await startGateway(env);
  });
  after(async () => {
    assert.equal(await gateway.stop(), 0);
    other.close();
  });

  /** The n-th time that a link was listened on. */
  const listening = (zone: string, nth = 1): Promise<Listening> => {
    const seen = (): Listening[] =>
      gateway.seen.filter((event): event is Listening => event.event === 'listening' && event.zone === zone);
    return gateway.until(() => seen().length >= nth).then(() => seen()[nth - 1] as Listening);
  };
  const unlistening = (zone: string): Promise<TimedEvent> =>
    gateway.until((event) => event.event === 'unlistening' && event.zone === zone);

  const askFrom = (far: string, { address, port }: Listening, leaf: TestLeaf): Promise<string> =>
    other.run(CLIENT, JSON.stringify({ address, port, zone: far, ...tlsOf(leaf) }));

  describe('on a cable', () => {
    test('a tentative address is waited for, then a device of the user CA is answered and a stranger is not', async () => {
      const listener = await listening('near0');
      assert.match(listener.address, /^fe80::/);
      assert.equal(await askFrom('far0', listener, pki.ada.desktop), '200');
      assert.notEqual(await askFrom('far0', listener, pki.stranger.laptop), '200');
      assert.equal(gateway.seen.filter(({ event }) => event === 'fatal').length, 0);
    });

    test('a second link that comes later is listened on, at the same port', async () => {
      const first = await listening('near0');
      plugCable('near1', 'far1', other);
      const second = await listening('near1');
      assert.equal(second.port, first.port);
      assert.equal(await askFrom('far1', second, pki.ada.desktop), '200');
    });

    test('a link that goes is left, and found again when it comes back', async () => {
      ip('link set near0 down');
      await unlistening('near0');
      assert.deepEqual(
        ((await gateway.call('status')) as { listeners: { zone: string }[] }).listeners.map(
          ({ zone }) => zone,
        ),
        ['near1'],
      );
      ip('link set near0 up');
      const back = await listening('near0', 2);
      assert.equal(await askFrom('far0', back, pki.ada.desktop), '200');
    });

    test('an interface that is made anew is listened on anew', async () => {
      ip('link del near1');
      await unlistening('near1');
      plugCable('near1', 'far1', other);
      const anew = await listening('near1', 2);
      assert.equal(await askFrom('far1', anew, pki.ada.desktop), '200');
    });

    test('there is no listener on "::", IPv4, or any address but these', async () => {
      await Promise.all([listening('near0', 2), listening('near1', 2)]);
      const [near0, near1] = [await listening('near0', 2), await listening('near1', 2)];
      const all = listenersOf('tcp6');
      assert.deepEqual(all.map(({ port }) => port).sort(), [near0.port, near1.port].sort());
      for (const { address } of all) assert.match(address, /^FE80|^000080FE/i);
      assert.deepEqual(listenersOf('tcp'), []);
    });
  });

  test('"link-local" takes links with a device behind them: these have none', async () => {
    const env = createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: 'link-local' } } });
    const own = await startGateway(env);
    assert.deepEqual(own.ready.listeners, []);
    assert.equal(await own.stop(), 0);
  });
}

/** Listening sockets of this namespace (proc(5), state 0A): the address in the kernel's hex, and the port. */
function listenersOf(protocol: 'tcp' | 'tcp6'): { address: string; port: number }[] {
  return readFileSync(`/proc/net/${protocol}`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':');
      return { address, port: parseInt(port, 16) };
    });
}
