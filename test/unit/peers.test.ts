import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '../../dist/core/errors.js';
import { decideLink, type LinkMeasures } from '../../dist/core/peers/decide-link.js';
import { DEFAULT_RECONNECT, decideDelayMs, MAX_DIALS_AT_ONCE } from '../../dist/core/peers/reconnect.js';
import { readStreamTarget } from '../../dist/core/peers/stream-target.js';
import { countTurns, isTurnedAway } from '../../dist/core/peers/turned-away.js';
import { parseTarget } from '../../dist/core/target.js';

const ID = 'A'.repeat(48);
const BLOB = 'B'.repeat(48);

describe('the target of a peer stream', () => {
  const read = (raw: string) => readStreamTarget(parseTarget(raw));
  const codeOf = (raw: string): string => {
    try {
      read(raw);
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
    return 'none';
  };

  test('is written anew below the peer', () => {
    assert.equal(read(`/peers/${ID}`).path, '/');
    assert.equal(read(`/peers/${ID}/`).path, '/');
    assert.equal(read(`/peers/${ID}/couch/db/`).path, '/couch/db/');
    assert.equal(
      read(`/peers/${ID}/couch/a%2fb/%c3%a4?since=1+2&x`).path,
      '/couch/a%2Fb/%C3%A4?since=1%202&x=',
    );
    assert.equal(read(`/peers/${ID}/files/${BLOB}`).blob, BLOB);
    for (const more of ['couch/x', `files/${BLOB}/leaves`, 'files/have', 'revocations'])
      assert.equal(read(`/peers/${ID}/${more}`).blob, null, more);
  });

  test('knows feeds', () => {
    const isFeed = (more: string): boolean => read(`/peers/${ID}/couch/${more}`).isFeed;
    assert.ok(isFeed('db/_changes?feed=continuous'));
    assert.ok(isFeed('db/_changes?since=0&feed=longpoll'));
    for (const more of ['db/_changes', 'db/_changes?feed=normal', 'db/_all_docs?feed=continuous', 'db'])
      assert.ok(!isFeed(more), more);
  });

  test('is refused for what no peer has', () => {
    assert.equal(codeOf(`/peers/${ID}/couch`), 'none');
    assert.equal(codeOf('/peers/abc/couch'), 'no-such-peer');
    assert.equal(codeOf(`/peers/${ID.toLowerCase()}/`), 'no-such-peer');
    assert.equal(codeOf(`/peers/${ID}/peers`), 'no-such-resource');
    assert.equal(codeOf(`/peer/${ID}/`), 'no-such-resource');
  });
});

describe('the wait before the next try', () => {
  test('goes through the table, and stays at its end', () => {
    const policy = { ...DEFAULT_RECONNECT, delaysMs: [10, 100], jitter: 0 };
    assert.deepEqual(
      [1, 2, 3, 99].map((failures) => decideDelayMs(policy, failures, 0.7)),
      [10, 100, 100, 100],
    );
  });

  test('varies by the jitter, to both sides', () => {
    const policy = { ...DEFAULT_RECONNECT, delaysMs: [1000], jitter: 0.25 };
    assert.equal(decideDelayMs(policy, 1, 0), 750);
    assert.equal(decideDelayMs(policy, 1, 0.5), 1000);
    assert.equal(decideDelayMs(policy, 1, 1), 1250);
  });
});

describe('whether a peer turns this device away', () => {
  const isAway = (...codes: readonly string[]): boolean =>
    isTurnedAway(codes.reduce((row, code) => countTurns(row, { wasRightLeaf: true, code }), 0));
  const many = (times: number, code = 'ECONNRESET'): string[] => Array<string>(times).fill(code);

  test('is so when it ended more dials in a row than one stop of it can', () => {
    assert.equal(isAway(...many(MAX_DIALS_AT_ONCE)), false);
    assert.equal(isAway(...many(MAX_DIALS_AT_ONCE + 1)), true);
    assert.equal(isAway('ECONNRESET', 'closed', 'EPIPE', 'closed', 'EPIPE'), true);
  });

  test('is not so when it is away, slow, or answers nonsense: the row begins anew', () => {
    for (const other of [
      'ECONNREFUSED',
      'timeout',
      'no-zone',
      'first-byte-timeout',
      'revocations',
      'wrong-leaf',
    ]) {
      assert.equal(isAway(...many(99, other)), false, other);
      assert.equal(isAway(...many(99), other), false, other);
      assert.equal(isAway(...many(MAX_DIALS_AT_ONCE), other, ...many(MAX_DIALS_AT_ONCE)), false, other);
    }
  });

  test('is not so when anyone could have ended them: the leaf was not shown', () => {
    assert.equal(countTurns(99, { wasRightLeaf: false, code: 'ECONNRESET' }), 0);
  });
});

describe('the link to take', () => {
  const link = (key: string, more: Partial<LinkMeasures> = {}): LinkMeasures => ({
    key,
    roundTripMs: null,
    bytesPerMs: null,
    isSuspect: false,
    ...more,
  });
  const small = { bulk: false, current: null };

  test('is the only one, even where it is suspect; and none where there is none', () => {
    assert.equal(decideLink([link('a', { isSuspect: true })], small), 'a');
    assert.equal(decideLink([], small), null);
  });

  test('is the one with the clearly shorter way, and else the one in use', () => {
    const [a, b] = [link('a', { roundTripMs: 4 }), link('b', { roundTripMs: 1 })];
    assert.equal(decideLink([a, b], small), 'b');
    assert.equal(decideLink([a, b], { bulk: false, current: 'a' }), 'b');
    const close = link('b', { roundTripMs: 3 });
    assert.equal(decideLink([a, close], { bulk: false, current: 'a' }), 'a');
    assert.equal(decideLink([a, close], { bulk: false, current: 'b' }), 'b');
  });

  test('is the one that carries clearly more, whatever the way', () => {
    const wifi = link('wifi', { roundTripMs: 1, bytesPerMs: 5_000 });
    const cable = link('cable', { roundTripMs: 2, bytesPerMs: 100_000 });
    assert.equal(decideLink([wifi, cable], { bulk: true, current: 'wifi' }), 'cable');
    assert.equal(decideLink([wifi, cable], small), 'cable');
  });

  test('is one that was not measured yet, for something large', () => {
    const known = link('known', { roundTripMs: 1, bytesPerMs: 5_000 });
    assert.equal(decideLink([known, link('fresh')], { bulk: true, current: 'known' }), 'fresh');
    assert.equal(decideLink([known, link('fresh')], small), 'known');
  });

  test('is not one where something broke a moment ago', () => {
    const broken = link('broken', { roundTripMs: 1, isSuspect: true });
    assert.equal(decideLink([broken, link('other', { roundTripMs: 9 })], small), 'other');
  });
});
