// Offers to pair on the wire of multicast DNS, and the bounded table of them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseOfferId, type OfferHint, type OfferId } from '../../../dist/core/control/pairing.js';
import { encodeDbase32 } from '../../../dist/core/dbase32.js';
import {
  createOfferTable,
  MAX_OFFERS,
  MAX_OFFERS_A_SOURCE,
} from '../../../dist/core/discovery/offer-table.js';
import {
  isOfferAsked,
  offerRecords,
  PAIR_QUESTION,
  PAIR_SERVICE,
  parseOfferClaims,
  type OwnOffer,
} from '../../../dist/core/discovery/pair-offers.js';
import { browseQuery } from '../../../dist/core/discovery/queries.js';
import { SERVICE, type RawRecord } from '../../../dist/core/discovery/records.js';

const idOf = (number: number): OfferId =>
  parseOfferId(encodeDbase32(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, number >> 8, number))) as OfferId;
const own: OwnOffer = { offer: idOf(7), kind: 'join', port: 4242, addresses: ['fe80::1'] };
const records = (ttl?: number): RawRecord[] => offerRecords(own, ttl);

describe('an announced offer', () => {
  test('says its id, its kind and its port, and nothing of the code, the device or the user', () => {
    assert.deepEqual(
      records().map(({ type, data }) => [type, data]),
      [
        ['PTR', `${own.offer}.${PAIR_SERVICE}`],
        ['SRV', { port: 4242, target: `${own.offer}.local` }],
        ['TXT', ['v=1', 'kind=join']],
        ['AAAA', 'fe80::1'],
      ],
    );
  });

  test('is read as it was written', () => {
    const told = { kind: 'join', port: 4242, ttlMs: 120_000 };
    assert.deepEqual(parseOfferClaims({ answers: records() }), [{ offer: own.offer, told }]);
    const [pointer, ...rest] = records();
    assert.ok(pointer !== undefined);
    assert.deepEqual(parseOfferClaims({ answers: [pointer], additionals: rest }), [
      { offer: own.offer, told },
    ]);
    assert.deepEqual(parseOfferClaims({ answers: records(0) }), [{ offer: own.offer, told: null }]);
  });

  test('is none with another version or kind, without a port, in parts, or of another service', () => {
    const change = (type: string, data: unknown): RawRecord[] =>
      records().map((record) => (record.type === type ? { ...record, data } : record));
    for (const answers of [
      change('TXT', ['v=2', 'kind=join']),
      change('TXT', ['v=1', 'kind=lend']),
      change('TXT', ['v=1']),
      change('TXT', null),
      change('SRV', { port: 0 }),
      change('SRV', { port: 65_536 }),
      change('SRV', undefined),
      records().filter(({ type }) => type !== 'SRV'),
      records().filter(({ type }) => type !== 'TXT'),
      records().map((record) => ({ ...record, name: record.name.replace(PAIR_SERVICE, SERVICE) })),
      records().map((record) => ({ ...record, name: `x${record.name}` })),
    ])
      assert.deepEqual(parseOfferClaims({ answers }), [], JSON.stringify(answers));
  });

  test('is asked for with everything else, and answers to its names alone', () => {
    assert.deepEqual(browseQuery([], 0).questions, [{ name: SERVICE, type: 'PTR' }, PAIR_QUESTION]);
    for (const name of [PAIR_SERVICE, PAIR_SERVICE.toUpperCase(), `${own.offer}.${PAIR_SERVICE}`])
      assert.ok(isOfferAsked({ questions: [{ name, type: 'PTR' }] }, own));
    for (const name of [SERVICE, `${idOf(8)}.${PAIR_SERVICE}`, '_services._dns-sd._udp.local'])
      assert.ok(!isOfferAsked({ questions: [{ name, type: 'PTR' }] }, own));
  });
});

describe('the table of offers', () => {
  const hint = (number: number, address = 'fe80::1', zone = 'near0'): OfferHint => ({
    offer: idOf(number),
    kind: 'join',
    address,
    zone,
    port: 1,
  });

  test(`has ${MAX_OFFERS_A_SOURCE} from one address, and ${MAX_OFFERS} in all; what is there stays and is renewed`, () => {
    const table = createOfferTable();
    for (let number = 0; number < MAX_OFFERS; number += 1) {
      const source = `fe80::${Math.floor(number / MAX_OFFERS_A_SOURCE)}`;
      assert.ok(table.hint(hint(number, source), 1000, 0));
      if (number === MAX_OFFERS_A_SOURCE - 1) assert.ok(!table.hint(hint(999, source), 1000, 0));
    }
    assert.ok(!table.hint(hint(999, 'fe80::ffff'), 1000, 0));
    assert.ok(table.hint(hint(0, 'fe80::0'), 1000, 500));
    table.expire(1000);
    assert.deepEqual(table.list(), [hint(0, 'fe80::0')]);
    assert.ok(table.hint(hint(999, 'fe80::ffff'), 1000, 1000));
  });

  test('an offer may be at several addresses; a goodbye is for the address it came from, a link takes its own', () => {
    const table = createOfferTable();
    for (const at of [hint(1), hint(1, 'fe80::2'), hint(1, 'fe80::2', 'near1')]) table.hint(at, 1000, 0);
    assert.equal(table.find(idOf(1)).length, 3);
    table.goodbye(idOf(1), 'near0', 'fe80::2');
    assert.deepEqual(table.find(idOf(1)), [hint(1), hint(1, 'fe80::2', 'near1')]);
    table.linkGone('near0');
    assert.deepEqual(table.find(idOf(1)), [hint(1, 'fe80::2', 'near1')]);
    assert.deepEqual(table.find(idOf(2)), []);
  });
});
