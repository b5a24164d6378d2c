// The exchange between two gateways: proof, seals, and everything that may go wrong on the way.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExchangeEffect } from '../../../dist/core/pairing/exchange-words.js';
import { MAX_SEALED_MESSAGES, MESSAGE_MS, WAIT_MS } from '../../../dist/core/pairing/exchange.js';
import { createFrameReader, formatFrame, MAX_FRAME_BYTES } from '../../../dist/core/pairing/frames.js';
import { parseWireMessage } from '../../../dist/core/pairing/wire.js';
import { MAX_PAIR_DATA_BYTES } from '../../../dist/core/control/pairing.js';
import {
  carry,
  createPair,
  createProved,
  createSide,
  EXPIRES_AT,
  hash,
  jsonOf,
  jsonText,
  messageIn,
  optionsOf,
  otherCode,
  time,
  type Pair,
  type Side,
} from './exchange-lab.js';

const provedOf = (side: Side): ExchangeEffect | undefined =>
  side.done.find((effect) => effect.do === 'proved');
const say = (text: string): Uint8Array => new TextEncoder().encode(text);
const send = (side: Side, text: string): void => side.tell({ event: 'send', data: say(text) });
const textOf = (json: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(json ?? []).toString()) as Record<string, unknown>;

describe('one code on both sides', () => {
  test('is proved, and each is told what the other says of itself', () => {
    const { a, b } = createProved();
    assert.deepEqual(provedOf(a), { do: 'proved', label: "Ada's laptop", time, userId: null });
    assert.deepEqual(provedOf(b), { do: 'proved', label: 'camera', time, userId: null });
  });

  test('carries what the launchers say, both ways, in order', () => {
    const pair = createProved();
    for (const text of ['one', 'two']) send(pair.a, text);
    send(pair.b, 'three');
    carry(pair);
    send(pair.b, 'four');
    carry(pair);
    assert.deepEqual(pair.b.data(), ['one', 'two']);
    assert.deepEqual(pair.a.data(), ['three', 'four']);
  });

  test('carries as much as a launcher may say', () => {
    const pair = createProved();
    pair.a.tell({ event: 'send', data: new Uint8Array(MAX_PAIR_DATA_BYTES) });
    carry(pair);
    assert.equal(pair.b.data()[0]?.length, MAX_PAIR_DATA_BYTES);
  });

  test('nothing can be sent before the proof', () => {
    const { a } = createPair();
    const before = a.done.length;
    send(a, 'early');
    assert.equal(a.done.length, before);
  });
});

describe('another code', () => {
  test('B finds it, says so in clear, and has said nothing that is made of the key', () => {
    const pair = createPair({ code: otherCode });
    const said: string[] = [];
    while (pair.a.sent.length + pair.b.sent.length > 0) {
      for (const json of pair.a.sent.splice(0)) pair.b.hear(json);
      said.push(...pair.b.sent.map((json) => messageIn(json).type));
      for (const json of pair.b.sent.splice(0)) pair.a.hear(json);
    }
    assert.deepEqual(said, ['nonce', 'share', 'refuse']);
    assert.equal(pair.b.reason(), 'wrong-code');
    assert.equal(pair.a.reason(), 'wrong-code');
  });

  test('the last one that the offer stands is called so', () => {
    const pair = createPair({ code: otherCode }, { wrongCode: 'spent' });
    carry(pair);
    assert.equal(pair.b.reason(), 'spent');
    assert.equal(pair.a.reason(), 'spent');
  });

  test('A does not take the tag of an offerer who let any tag pass', () => {
    const { a } = createPair();
    const b = createSide(optionsOf('B', { code: otherCode }));
    b.tell({ event: 'start' });
    for (const json of a.sent.splice(0)) b.hear(json);
    for (const json of b.sent.splice(0)) a.hear(json);
    for (const json of a.sent.splice(0)) b.hear(json);
    for (const json of b.sent.splice(0)) a.hear(json);
    assert.equal(messageIn(a.sent[0]).type, 'tag');
    a.hear(jsonText({ type: 'tag', tag: Buffer.alloc(64).toString('base64url') }));
    assert.equal(a.reason(), 'unproved');
  });
});

describe('every message at every moment', () => {
  /** What each side hears in a whole run. */
  function script(): { toA: Uint8Array[]; toB: Uint8Array[] } {
    const pair = createPair();
    const heard = { toA: [] as Uint8Array[], toB: [] as Uint8Array[] };
    const deliver = (json: Uint8Array, to: Uint8Array[], side: Side): void => {
      to.push(json);
      side.hear(json);
    };
    const pass = (): void => {
      while (pair.a.sent.length + pair.b.sent.length > 0) {
        for (const json of pair.a.sent.splice(0)) deliver(json, heard.toB, pair.b);
        for (const json of pair.b.sent.splice(0)) deliver(json, heard.toA, pair.a);
      }
    };
    pass();
    for (const side of [pair.a, pair.b]) {
      send(side, 'data');
      side.tell({ event: 'time' }, WAIT_MS);
      side.tell({ event: 'cancel' }, WAIT_MS);
    }
    for (const json of pair.a.sent.splice(0)) heard.toB.push(json);
    for (const json of pair.b.sent.splice(0)) heard.toA.push(json);
    return heard;
  }
  const { toA, toB } = script();
  const kindsOf = (jsons: Uint8Array[]): string[] => jsons.map((json) => messageIn(json).type);

  test('a run has these', () => {
    assert.deepEqual(kindsOf(toB), ['nonce', 'share', 'tag', 'data', 'wait', 'end']);
    assert.deepEqual(kindsOf(toA), ['nonce', 'share', 'tag', 'data', 'wait', 'end']);
  });

  for (const [name, mine, theirs] of [
    ['A', toA, toB],
    ['B', toB, toA],
  ] as const) {
    test(`${name} takes each in its turn, and in no other; lost, doubled or reflected, it ends the run`, () => {
      const everything = [...mine, ...theirs, jsonText({ type: 'refuse', reason: 'spent' })];
      for (let turn = 0; turn < mine.length; turn += 1) {
        for (const wrong of everything) {
          if (wrong === mine[turn]) continue;
          const side = createSide(optionsOf(name));
          side.tell({ event: 'start' });
          for (const json of mine.slice(0, turn)) side.hear(json);
          assert.equal(side.reason(), null);
          side.hear(wrong);
          // Another nonce, share or tag of the right kind is heard, and found out when it is checked.
          const isNextKind = messageIn(wrong).type === messageIn(mine[turn]).type && turn < 3;
          const mayRefuse = name === 'A' && messageIn(wrong).type === 'refuse' && turn < 3;
          if (mayRefuse) assert.equal(side.reason(), 'spent');
          else if (!isNextKind) assert.equal(side.reason(), 'protocol', `${turn} ${messageIn(wrong).type}`);
          assert.equal(provedOf(side) !== undefined, turn >= 3);
          assert.deepEqual(side.data(), turn > 3 ? ['data'] : []);
        }
      }
    });
  }

  test('a reflected nonce, share or tag proves nothing', () => {
    for (const name of ['A', 'B'] as const) {
      const side = createSide(optionsOf(name));
      side.tell({ event: 'start' });
      if (name === 'B') side.hear(toB[0] ?? null);
      for (let turn = 0; turn < 4 && side.reason() === null; turn += 1)
        for (const json of side.sent.splice(0)) side.hear(json);
      assert.notEqual(side.reason(), null);
      assert.equal(provedOf(side), undefined);
    }
  });

  test('a share of another run is found by the tag, a tag of another run is none', () => {
    const again = createPair({ nonce: hash('another nonce') });
    carry(again, () => again.a.sent.length > 0 && messageIn(again.a.sent[0]).type === 'tag');
    again.b.hear(toB[2] ?? null);
    assert.equal(again.b.reason(), 'wrong-code');
  });
});

describe('what is sealed', () => {
  /** A whole run of `a` up to a message, which is changed. */
  function tamper(change: (message: Record<string, unknown>) => object): string | null {
    const pair = createProved();
    send(pair.a, 'secret');
    pair.b.hear(jsonText(change(textOf(pair.a.sent[0]))));
    return pair.b.reason();
  }

  test('shows nothing of it', () => {
    const { a } = createProved();
    send(a, 'a secret of the launchers');
    assert.ok(!Buffer.from(String(textOf(a.sent[0])['box']), 'base64url').includes('secret'));
  });

  test('is taken unchanged, and not with another byte, number, type or length', () => {
    const flip = (box: unknown, at: number): string => {
      const bytes = Buffer.from(String(box), 'base64url');
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes.toString('base64url');
    };
    assert.equal(
      tamper((message) => message),
      null,
    );
    for (const at of [0, 5, 6, 21])
      assert.equal(
        tamper((message) => ({ ...message, box: flip(message['box'], at) })),
        'protocol',
      );
    assert.equal(
      tamper((message) => ({ ...message, number: 1 })),
      'protocol',
    );
    assert.equal(
      tamper((message) => ({ ...message, type: 'wait' })),
      'protocol',
    );
    assert.equal(
      tamper((message) => ({ ...message, type: 'end' })),
      'protocol',
    );
    assert.equal(
      tamper((message) => ({ ...message, box: String(message['box']).slice(0, -4) })),
      'protocol',
    );
  });

  test('a message that was lost, came twice, or came back ends the run', () => {
    for (const order of [[1], [0, 0], [0, 2, 1]]) {
      const pair = createProved();
      for (const text of ['one', 'two', 'three']) send(pair.a, text);
      for (const index of order) pair.b.hear(pair.a.sent[index] ?? null);
      assert.equal(pair.b.reason(), 'protocol', String(order));
    }
    const { a } = createProved();
    send(a, 'one');
    a.hear(a.sent[0] ?? null);
    assert.equal(a.reason(), 'protocol');
  });

  test(`there are at most ${MAX_SEALED_MESSAGES}`, () => {
    const pair = createProved();
    for (let count = 0; count < MAX_SEALED_MESSAGES; count += 1) send(pair.a, 'x');
    carry(pair);
    assert.equal(pair.b.reason(), null);
    send(pair.a, 'x');
    carry(pair);
    assert.equal(pair.b.reason(), 'protocol');
  });
});

describe('the end', () => {
  test('a launcher that ends it is told apart from a connection that broke', () => {
    const pair = createProved();
    pair.a.tell({ event: 'cancel' });
    carry(pair);
    assert.deepEqual([pair.a.reason(), pair.b.reason()], ['cancelled', 'left']);
    const broken = createProved();
    broken.a.tell({ event: 'closed' });
    assert.equal(broken.a.reason(), 'lost');
  });

  test('nothing comes after it', () => {
    const { a } = createProved();
    a.tell({ event: 'cancel' });
    const before = a.done.length;
    send(a, 'late');
    a.tell({ event: 'closed' });
    a.tell({ event: 'time' }, EXPIRES_AT);
    a.hear(jsonText({ type: 'nonce', nonce: '' }));
    assert.equal(a.done.length, before);
    assert.equal(a.exchange.nextAt(), Infinity);
  });

  test('a message may take 10 s, and not longer, at each moment before the proof', () => {
    for (let heard = 0; heard < 3; heard += 1) {
      for (const [after, reason] of [
        [MESSAGE_MS - 1, null],
        [MESSAGE_MS, 'timeout'],
      ] as const) {
        const pair = createPair();
        for (let turn = 0; turn < heard; turn += 1) {
          for (const json of pair.a.sent.splice(0)) pair.b.hear(json);
          if (turn < heard - 1) for (const json of pair.b.sent.splice(0)) pair.a.hear(json);
        }
        assert.equal(pair.b.exchange.nextAt(), MESSAGE_MS);
        pair.b.tell({ event: 'time' }, after);
        assert.equal(pair.b.reason(), reason);
      }
    }
  });

  test('after it, a sign of life every 5 s keeps the run alive while people compare digits', () => {
    const pair: Pair = createProved();
    let now = 0;
    for (; now < EXPIRES_AT - WAIT_MS; now += WAIT_MS) {
      assert.equal(pair.a.exchange.nextAt(), now + WAIT_MS);
      for (const side of [pair.a, pair.b]) side.tell({ event: 'time' }, now + WAIT_MS);
      for (const json of pair.a.sent.splice(0)) pair.b.hear(json, now + WAIT_MS);
      for (const json of pair.b.sent.splice(0)) pair.a.hear(json, now + WAIT_MS);
    }
    assert.equal(pair.a.reason(), null);
    assert.equal(pair.b.reason(), null);

    const silent = createProved();
    silent.a.tell({ event: 'time' }, MESSAGE_MS - 1);
    assert.equal(silent.a.reason(), null);
    silent.a.tell({ event: 'time' }, MESSAGE_MS);
    assert.equal(silent.a.reason(), 'timeout');
  });

  test('the time of the offer ends it, before the proof and after, and the other side is told', () => {
    const before = createPair({}, { expiresAt: 1 });
    before.b.tell({ event: 'time' }, 1);
    assert.equal(before.b.reason(), 'expired');
    before.a.hear(before.b.sent[0] ?? null);
    assert.equal(before.a.reason(), 'expired');
    const after = createProved({}, { expiresAt: 1 });
    after.b.tell({ event: 'time' }, 0);
    assert.equal(after.b.reason(), null);
    after.b.tell({ event: 'time' }, 1);
    carry(after);
    assert.deepEqual([after.a.reason(), after.b.reason()], ['expired', 'expired']);
  });
});

describe('what the other side says of itself', () => {
  const endOf = (a: Parameters<typeof createPair>[0]): (string | null)[] => {
    const pair = createPair(a);
    carry(pair);
    return [pair.a.reason(), pair.b.reason()];
  };
  test('another kind ends it, and is told', () =>
    assert.deepEqual(endOf({ kind: 'share' }), ['other-kind', 'other-kind']));

  const withAd = (change: (ad: Record<string, unknown>) => object): string | null => {
    const pair = createPair();
    pair.b.hear(pair.a.sent.splice(0)[0] ?? null);
    pair.a.hear(pair.b.sent.splice(0)[0] ?? null);
    const share = textOf(pair.a.sent[0]);
    const ad = textOf(Buffer.from(String(share['ad']), 'base64url'));
    pair.b.hear(jsonText({ ...share, ad: Buffer.from(jsonText(change(ad))).toString('base64url') }));
    return pair.b.reason();
  };
  test('another version ends it, whatever else is new in it', () => {
    assert.equal(
      withAd((ad) => ad),
      null,
    );
    assert.equal(
      withAd((ad) => ({ ...ad, version: 2, more: 1 })),
      'other-version',
    );
  });
  test('a role that is this side’s own, an unknown key, a name with control characters, no time: none', () => {
    for (const wrong of [
      { role: 'join-B' },
      { role: 'join' },
      { more: 1 },
      { label: '' },
      { label: 'x'.repeat(65) },
      { label: 'a\u202eb' },
      { time: 'today' },
      { time: '2026-11-20T12:00:00Z' },
      { userId: 'me' },
    ])
      assert.equal(
        withAd((ad) => ({ ...ad, ...wrong })),
        'protocol',
        JSON.stringify(wrong),
      );
    assert.equal(
      withAd((ad) => ({ ...ad, label: 'x'.repeat(64) })),
      null,
    );
  });
  test('changed on the way, it is found by the tag', () => {
    const pair = createPair();
    pair.b.hear(pair.a.sent.splice(0)[0] ?? null);
    pair.a.hear(pair.b.sent.splice(0)[0] ?? null);
    const share = textOf(pair.a.sent.splice(0)[0]);
    const ad = textOf(Buffer.from(String(share['ad']), 'base64url'));
    const changed = Buffer.from(jsonText({ ...ad, label: 'Mallory' })).toString('base64url');
    pair.b.hear(jsonText({ ...share, ad: changed }));
    carry(pair);
    assert.equal(pair.b.reason(), 'wrong-code');
  });
});

describe('a frame', () => {
  const whole = formatFrame(new Uint8Array(MAX_FRAME_BYTES));
  test('of 64 KiB is read, in whatever pieces it comes', () => {
    assert.equal(createFrameReader().push(whole)?.[0]?.length, MAX_FRAME_BYTES);
    const reader = createFrameReader();
    const frame = formatFrame(jsonText({ type: 'nonce' }));
    const frames = [...frame, ...frame].flatMap((byte) => reader.push(Uint8Array.of(byte)) ?? []);
    assert.deepEqual(
      frames.map((json) => Buffer.from(json)),
      [jsonOf(frame), jsonOf(frame)].map((json) => Buffer.from(json)),
    );
    assert.throws(() => formatFrame(new Uint8Array(MAX_FRAME_BYTES + 1)), RangeError);
  });
  test('that says it is longer ends it before it has come, and nothing is read after it', () => {
    const reader = createFrameReader();
    assert.equal(reader.push(Uint8Array.of(0, 1, 0, 1)), null);
    assert.equal(reader.push(formatFrame(jsonText({ type: 'nonce' }))), null);
    const side = createSide(optionsOf('B'));
    side.tell({ event: 'start' });
    side.hear(null);
    assert.equal(side.reason(), 'protocol');
  });
  test('that is no message is none', () => {
    const nonce = Buffer.alloc(32).toString('base64url');
    assert.notEqual(parseWireMessage(jsonText({ type: 'nonce', nonce })), null);
    for (const wrong of [
      {},
      { type: 'nonce' },
      { type: 'nonce', nonce, more: 1 },
      { type: 'nonce', nonce: `${nonce}=` },
      { type: 'nonce', nonce: nonce.slice(1) },
      { type: 'share', share: nonce, ad: '' },
      { type: 'share', share: nonce, ad: Buffer.alloc(1025).toString('base64url') },
      { type: 'tag', tag: nonce },
      { type: 'data', number: -1, box: nonce },
      { type: 'data', number: 0.5, box: nonce },
      { type: 'data', number: 2 ** 53, box: nonce },
      { type: 'data', number: 0, box: '' },
      { type: 'refuse', reason: 'proved' },
      { type: 'GET' },
    ])
      assert.equal(parseWireMessage(jsonText(wrong)), null, JSON.stringify(wrong));
    for (const text of ['', 'null', 'GET / HTTP/1.1', '[1]', '"nonce"', '{"type":"nonce"'])
      assert.equal(parseWireMessage(say(text)), null, text);
    assert.equal(parseWireMessage(Uint8Array.of(0xff)), null);
  });
});

describe('an invalid point', () => {
  for (const point of ['00'.repeat(32), '2B3C6B8C4F3800E7AEF6864025B4ED79BD599117E427C41BD47D93D654B4A51C'])
    test(`${point.slice(0, 8)}… ends the run at both sides`, () => {
      const share = Buffer.from(point, 'hex').toString('base64url');
      const toB = createPair();
      toB.b.hear(toB.a.sent.splice(0)[0] ?? null);
      toB.a.hear(toB.b.sent.splice(0)[0] ?? null);
      toB.b.hear(jsonText({ ...textOf(toB.a.sent[0]), share }));
      assert.equal(toB.b.reason(), 'protocol');
      assert.equal(toB.b.sent.length, 0);

      const toA = createPair();
      toA.b.hear(toA.a.sent.splice(0)[0] ?? null);
      toA.a.hear(toA.b.sent.splice(0)[0] ?? null);
      toA.b.hear(toA.a.sent.splice(0)[0] ?? null);
      toA.a.hear(jsonText({ ...textOf(toA.b.sent[0]), share }));
      assert.equal(toA.a.reason(), 'protocol');
      assert.equal(toA.a.sent.length, 0, 'no tag for a key that anyone knows');
    });
});
