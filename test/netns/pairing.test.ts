// Pairing between two devices that have nothing but a cable: the offer is found by itself, on its link.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MAX_OFFERS_A_SOURCE } from '../../dist/core/discovery/offer-table.js';
import type { OfferHint } from '../../dist/core/control/pairing.js';
import { createEnv } from '../kit/env.js';
import { startGateway, type TestGateway } from '../kit/gateway.js';
import { createFarExecutable, type FarExecutable } from '../kit/netns-gateway.js';
import { createOtherEnd, ip, isInsideNamespace, plugCable, type OtherEnd } from '../kit/netns.js';
import { beginJoin, openOffer, untilPair, WRONG_CODE } from '../kit/pairing.js';
import { createTestPki } from '../kit/pki.js';

const STRANGER = fileURLToPath(new URL('../kit/netns-mdns.js', import.meta.url));
const pki = createTestPki();
const WITHIN = { timeout: 60_000 };
const ZONES = ['near0', 'near1'];

if (isInsideNamespace(import.meta.url)) {
  let other: OtherEnd;
  let executable: FarExecutable;
  let offerer: TestGateway;
  let joiner: TestGateway;

  /** The device at the other end has no identity yet. */
  const startJoiner = (): Promise<TestGateway> =>
    startGateway({ version: 1, listen: { on: ['far0', 'far1'] } }, { executable: executable.path });
  const offersSeen = async (gateway: TestGateway): Promise<OfferHint[]> =>
    ((await gateway.call('status')) as { pairing: { offers: OfferHint[] } }).pairing.offers;

  before(async () => {
    ip('link set lo up');
    other = await createOtherEnd();
    executable = createFarExecutable(other);
    plugCable('near0', 'far0', other);
    plugCable('near1', 'far1', other);
    offerer = await startGateway(
      createEnv({ pki, couchUrl: 'http://127.0.0.1:9/', more: { listen: { on: ZONES } } }),
    );
    joiner = await startJoiner();
    // Both links are up, and no address is tentative any more.
    for (const zone of ZONES)
      if (!offerer.ready.listeners.some((listener) => listener.zone === zone))
        await offerer.until((event) => event.event === 'listening' && event.zone === zone);
  });
  after(async () => {
    await Promise.all([offerer.stop(), joiner.stop()]);
    executable.remove();
    other.close();
  });

  describe('over a cable', () => {
    test('an offer is seen, taken by its id, proved, and announced no more', WITHIN, async () => {
      const opened = await openOffer(offerer);
      const seen = await untilPair(joiner, 'pair-offer-seen', ({ offer }) => offer === opened.offer);
      assert.equal(seen.kind, 'join');
      assert.match(seen.address, /^fe80::/);
      assert.match(seen.zone ?? '', /^far[01]$/);
      const run = await beginJoin(joiner, seen.offer);
      await untilPair(joiner, 'pair-proved', (event) => event.run === run);
      await untilPair(offerer, 'pair-proved', (event) => event.run === opened.run);
      await untilPair(joiner, 'pair-offer-lost', ({ offer }) => offer === opened.offer);
      const data = Buffer.from('over the cable').toString('base64url');
      await joiner.call('pair-send', { run, data });
      await untilPair(offerer, 'pair-data', (event) => event.data === data);
      await joiner.call('pair-cancel', { run });
      await untilPair(offerer, 'pair-ended', (event) => event.run === opened.run && event.reason === 'left');
    });

    test('nobody sees an offer of their own, and a wrong code leaves it announced', WITHIN, async () => {
      const { run, offer } = await openOffer(offerer, { kind: 'share' });
      const seen = await untilPair(joiner, 'pair-offer-seen', (event) => event.offer === offer);
      assert.equal(seen.kind, 'share');
      const wrong = await beginJoin(joiner, offer, { kind: 'share', code: WRONG_CODE });
      await untilPair(joiner, 'pair-ended', (event) => event.run === wrong && event.reason === 'wrong-code');
      assert.ok((await offersSeen(joiner)).some((hint) => hint.offer === offer));
      assert.deepEqual(await offersSeen(offerer), []);
      await offerer.call('pair-cancel', { run });
      await untilPair(joiner, 'pair-offer-lost', (event) => event.offer === offer);
    });

    test('a device that starts after the offer finds it', WITHIN, async () => {
      const { run, offer } = await openOffer(offerer);
      await joiner.stop();
      joiner = await startJoiner();
      await untilPair(joiner, 'pair-offer-seen', (event) => event.offer === offer);
      await offerer.call('pair-cancel', { run });
    });

    test('a cable that is pulled in the run is a run that ends on both sides', WITHIN, async () => {
      const { run, offer } = await openOffer(offerer);
      const seen = await untilPair(joiner, 'pair-offer-seen', (event) => event.offer === offer);
      const joined = await beginJoin(joiner, offer);
      await untilPair(offerer, 'pair-proved', (event) => event.run === run);
      other.ip(`link set ${seen.zone ?? ''} down`);
      for (const [gateway, id] of [
        [offerer, run],
        [joiner, joined],
      ] as const) {
        const { reason } = await untilPair(gateway, 'pair-ended', (event) => event.run === id);
        assert.ok(reason === 'timeout' || reason === 'lost', reason);
      }
      other.ip(`link set ${seen.zone ?? ''} up`);
    });
  });

  describe('beside a stranger', () => {
    const records = (name: string, txt: unknown, ttl = 120) => {
      const service = '_patchcord-pair._tcp.local';
      return [
        { name: service, type: 'PTR', ttl, data: `${name}.${service}` },
        { name: `${name}.${service}`, type: 'SRV', ttl, data: { port: 9, target: `${name}.local` } },
        { name: `${name}.${service}`, type: 'TXT', ttl, data: txt },
      ];
    };
    const announce = (answers: unknown[], times = 1): Promise<string> =>
      other.run(
        STRANGER,
        `${JSON.stringify({ zone: 'far1', packet: { type: 'response', answers }, times })}\n`,
      );

    test(
      'who announces hundreds of offers has room for a few; what is no offer of ours is none',
      WITHIN,
      async () => {
        await announce(records('#', ['v=1', 'kind=join']), 300);
        await announce(records('ABCDEFGHIJKLMNOP', ['v=2', 'kind=join']));
        await announce(records('ABCDEFGHIJKLMNOQ', ['v=1', 'kind=other']));
        await offerer.until(() => offerer.seen.some((event) => event.event === 'pair-offer-seen'));
        const offers = await offersSeen(offerer);
        assert.ok(offers.length > 0 && offers.length <= MAX_OFFERS_A_SOURCE, String(offers.length));
        assert.ok(offers.every(({ offer }) => !offer.startsWith('ABCDEF')));

        const [first] = offers;
        const run = await beginJoin(offerer, first?.offer);
        const { reason } = await untilPair(offerer, 'pair-ended', (event) => event.run === run);
        assert.equal(reason, 'unreachable');
      },
    );
  });
}
