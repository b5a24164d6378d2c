// Who stands in between, and who makes a false offer: what they can do, and what they can not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { channelIdentifier } from '../../../dist/core/pairing/channel.js';
import type { PairingCode } from '../../../dist/core/pairing/code.js';
import {
  confirmationTag,
  scalarMultVfy,
  sessionKey,
  shareOf,
  type CpaceShare,
} from '../../../dist/core/pairing/cpace.js';
import { formatAd, type WireMessage } from '../../../dist/core/pairing/wire.js';
import {
  carry,
  createPair,
  createSide,
  hash,
  jsonText,
  messageIn,
  optionsOf,
  otherCode,
  scalarFrom,
  time,
  type Side,
} from './exchange-lab.js';

/** The leaves and the exporter of one TLS connection. */
const leaf = { offerer: hash('leaf of B'), joiner: hash('leaf of A'), relay: hash('leaf of the relay') };
const exporter = { near: hash('exporter of the connection with A'), far: hash('exporter of that with B') };

describe('a relay between two TLS connections that knows the code', () => {
  /** The relay carries every message on, to the letter; each side has the CI of its own connection. */
  function relay(ciA: Uint8Array, ciB: Uint8Array): { a: Side; b: Side } {
    const pair = createPair({ ci: ciA }, { ci: ciB });
    carry(pair);
    return pair;
  }
  const isProved = ({ a, b }: { a: Side; b: Side }): boolean =>
    a.exchange.isProved() || b.exchange.isProved();
  const channel = (offererLeaf: Uint8Array, joinerLeaf: Uint8Array, of: Uint8Array): Uint8Array =>
    channelIdentifier({ offererLeaf, joinerLeaf, exporter: of });

  const nothing = new Uint8Array();
  const direct = channel(leaf.offerer, leaf.joiner, exporter.near);
  const cases: readonly [what: string, ciA: Uint8Array, ciB: Uint8Array, isLetIn: boolean][] = [
    [
      'is refused: leaves and exporter differ',
      channel(leaf.relay, leaf.joiner, exporter.near),
      channel(leaf.offerer, leaf.relay, exporter.far),
      false,
    ],
    ['is refused by the exporter alone', direct, channel(leaf.offerer, leaf.joiner, exporter.far), false],
    [
      'is refused by the leaves alone',
      channel(leaf.relay, leaf.joiner, exporter.near),
      channel(leaf.offerer, leaf.relay, exporter.near),
      false,
    ],
    ['control: succeeds where the channel is left out of the key', nothing, nothing, true],
    ['control: one connection with nobody in between is proved', direct, direct, true],
  ];
  for (const [what, ciA, ciB, isLetIn] of cases)
    test(what, () => assert.equal(isProved(relay(ciA, ciB)), isLetIn));
});

describe('a false offerer, who may answer anything and keeps the transcript', () => {
  const ci = hash('the channel');
  const nonceB = hash('nonce of the false offerer');
  const scalarB = scalarFrom('scalar of the false offerer');
  const adB = formatAd({ kind: 'join', side: 'B', label: 'anyone', time, userId: null });
  type Tagged = Extract<WireMessage, { type: 'tag' }>;
  type Shared = Extract<WireMessage, { type: 'share' }>;

  /** The joiner's whole part of a run with an offerer who made its share for a guess. */
  function transcript(real: PairingCode, guess: PairingCode) {
    const a = createSide(optionsOf('A', { code: real, ci }));
    a.tell({ event: 'start' });
    const first = messageIn(a.sent.splice(0)[0]);
    assert.ok(first.type === 'nonce');
    const sid = Buffer.concat([first.nonce, nonceB]);
    a.hear(jsonText({ type: 'nonce', nonce: Buffer.from(nonceB).toString('base64url') }));
    const { share, ad } = messageIn(a.sent.splice(0)[0]) as Shared;
    const own: CpaceShare = { point: shareOf({ prs: Buffer.from(guess), ci, sid }, scalarB), ad: adB };
    a.hear(
      jsonText({
        type: 'share',
        share: Buffer.from(own.point).toString('base64url'),
        ad: Buffer.from(adB).toString('base64url'),
      }),
    );
    const { tag } = messageIn(a.sent.splice(0)[0]) as Tagged;
    return { sid, theirs: { point: share, ad }, own, tag };
  }

  /**
   * Whether the transcript fits `candidate`: the offerer has its own scalar, and a share of the candidate's own that it
   * can make now, after the fact. All that it can compute a key from is the joiner's share.
   */
  function fits({ sid, theirs, own, tag }: ReturnType<typeof transcript>, candidate: PairingCode): boolean {
    const shares = [own, { point: shareOf({ prs: Buffer.from(candidate), ci, sid }, scalarB), ad: adB }];
    const k = scalarMultVfy(scalarB, theirs.point);
    assert.ok(k !== null);
    return shares.some((share) =>
      Buffer.from(confirmationTag(sid, sessionKey(sid, k, theirs, share), theirs)).equals(tag),
    );
  }
  const nth = (number: number): PairingCode => `K7QX2${String(number).padStart(3, '0')}` as PairingCode;
  const candidates = Array.from({ length: 50 }, (_, number) => nth(number));
  const [real, guess] = [nth(7), nth(11)];

  test('can tell one thing: whether the one guess that it made its share for was right', () => {
    assert.ok(fits(transcript(real, real), real));
    assert.ok(!fits(transcript(real, guess), guess));
  });

  test('can check no other code afterwards: the real one fits as little as any', () => {
    const kept = transcript(real, guess);
    assert.deepEqual(
      candidates.filter((candidate) => fits(kept, candidate)),
      [],
    );
  });

  test('a joiner who was told that its code was wrong has shown nothing more', () => {
    const pair = createPair({ code: otherCode });
    const heard: string[] = [];
    while (pair.a.sent.length + pair.b.sent.length > 0) {
      heard.push(...pair.a.sent.map((json) => messageIn(json).type));
      for (const json of pair.a.sent.splice(0)) pair.b.hear(json);
      for (const json of pair.b.sent.splice(0)) pair.a.hear(json);
    }
    assert.deepEqual(heard, ['nonce', 'share', 'tag']);
  });
});
