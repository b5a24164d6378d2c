// Every event in every order: whatever comes, a side ends once, is silent after that, and is proved by nothing but the
// whole handshake.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExchangeEvent } from '../../../dist/core/pairing/exchange-words.js';
import { createOffer, type OfferEvent } from '../../../dist/core/pairing/offer.js';
import {
  code,
  createPair,
  createSide,
  EXPIRES_AT,
  hash,
  jsonText,
  optionsOf,
  scalarFrom,
  time,
  type Side,
} from './exchange-lab.js';

/** All that one side hears in a run, up to the proof. */
function heardBy(name: 'A' | 'B'): Uint8Array[] {
  const pair = createPair();
  const heard: Uint8Array[] = [];
  while (pair.a.sent.length + pair.b.sent.length > 0) {
    for (const json of pair.a.sent.splice(0)) {
      if (name === 'B') heard.push(json);
      pair.b.hear(json);
    }
    for (const json of pair.b.sent.splice(0)) {
      if (name === 'A') heard.push(json);
      pair.a.hear(json);
    }
  }
  return heard;
}

type Told = { readonly event: ExchangeEvent; readonly now: number; readonly name: string };
const told = (name: string, event: ExchangeEvent, now = 0): Told => ({ name, event, now });
const frame = (name: string, json: Uint8Array | null): Told => told(name, { event: 'frame', json });
const others: Told[] = [
  frame('too long', null),
  frame('nonsense', jsonText({ type: 'GET' })),
  frame('refuse', jsonText({ type: 'refuse', reason: 'busy' })),
  frame('wrong tag', jsonText({ type: 'tag', tag: Buffer.alloc(64).toString('base64url') })),
  frame('unsealable', jsonText({ type: 'data', number: 0, box: Buffer.alloc(16).toString('base64url') })),
  told('closed', { event: 'closed' }),
  told('late', { event: 'time' }, 10_000),
  told('early', { event: 'time' }, 1),
  told('send', { event: 'send', data: new Uint8Array(1) }),
  told('cancel', { event: 'cancel' }),
];

/** Every sequence of up to `length` of these. */
function* sequences<Item>(items: readonly Item[], length: number): Generator<Item[]> {
  yield [];
  if (length === 0) return;
  for (const rest of sequences(items, length - 1)) for (const item of items) yield [item, ...rest];
}

for (const name of ['A', 'B'] as const)
  describe(`${name}, from each moment of a run`, () => {
    const [nonce, share, tag] = heardBy(name);
    const script = [frame('nonce', nonce ?? null), frame('share', share ?? null), frame('tag', tag ?? null)];

    function play(events: readonly Told[]): Side {
      const side = createSide(optionsOf(name));
      side.tell({ event: 'start' });
      for (const { event, now } of events) side.tell(event, now);
      return side;
    }

    for (let heard = 0; heard <= script.length; heard += 1)
      test(`after ${heard} messages`, () => {
        const before = script.slice(0, heard);
        for (const after of sequences([...script, ...others], 2)) {
          const side = play([...before, ...after]);
          const names = after.map((event) => event.name).join(', ');
          const ends = side.done.filter((effect) => effect.do === 'end').length;
          assert.ok(ends <= 1, names);
          assert.ok(ends === 0 || side.done.at(-1)?.do === 'end', names);
          assert.equal(side.exchange.nextAt() === Infinity, ends === 1, names);
          const proofs = side.done.filter((effect) => effect.do === 'proved').length;
          const whole = [...before, ...after].map((event) => event.name);
          const isWhole =
            whole
              .filter((each) => each !== 'early' && each !== 'send')
              .slice(0, 3)
              .join() === 'nonce,share,tag';
          assert.equal(proofs, isWhole ? 1 : 0, names);
          assert.deepEqual(side.data(), [], names);
        }
      });
  });

describe('an offer, whatever comes from two connections', () => {
  const ofConnection = (connection: number): OfferEvent[] => [
    {
      event: 'connected',
      connection,
      ci: hash('the channel'),
      nonce: hash('nonce of B'),
      scalar: scalarFrom('scalar of B'),
      time,
    },
    ...heardBy('B').map((json): OfferEvent => ({ event: 'frame', connection, json })),
    { event: 'frame', connection, json: null },
    { event: 'closed', connection },
  ];
  const all: OfferEvent[] = [
    ...ofConnection(1),
    ...ofConnection(2),
    { event: 'time' },
    { event: 'send', data: new Uint8Array(1) },
    { event: 'cancel' },
  ];

  test('ends once, is silent then, and takes no strike: no tag of these is wrong', () => {
    let proofs = 0;
    for (const events of sequences(all, 4)) {
      const offer = createOffer({
        kind: 'join',
        code,
        label: "Ada's laptop",
        userId: null,
        expiresAt: EXPIRES_AT,
      });
      const done = events.flatMap((event) => offer.on(event, 0));
      const ends = done.filter((effect) => effect.do === 'ended').length;
      assert.ok(ends <= 1);
      assert.ok(ends === 0 || done.at(-1)?.do === 'ended');
      assert.ok(!done.some((effect) => effect.do === 'strike'));
      assert.equal(offer.nextAt() === Infinity, ends === 1);
      proofs += done.filter((effect) => effect.do === 'proved').length;
    }
    assert.equal(proofs, 2, 'the whole handshake, on the one connection or on the other');
  });
});
