// `share` between two launchers: both lists shown to both people, and what is granted comes from the own list.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commitmentOf } from '../../../dist/core/pairing/launcher/digits.js';
import { formatGrant } from '../../../dist/core/pairing/launcher/grant.js';
import { createShare } from '../../../dist/core/pairing/launcher/share.js';
import { formatLauncherMessage, parseLauncherMessage } from '../../../dist/core/pairing/launcher/messages.js';
import {
  ada,
  adaOffers,
  bytes,
  carry,
  createSharing,
  createSide,
  grace,
  graceOffers,
  proved,
  proveSharing,
  type Side,
} from './launcher-lab.js';

const stored = { event: 'stored' } as const;
const yes = { event: 'answered', yes: true } as const;
const no = { event: 'answered', yes: false } as const;
const has = (side: Side, kind: string): boolean => side.done.some((effect) => effect.do === kind);

function untilQuestion(through?: Parameters<typeof carry>[2]) {
  const sides = createSharing();
  proveSharing(sides);
  carry(sides.a, sides.b, through);
  return sides;
}

describe('share', () => {
  test('both people see both lists and the same digits; each grants from its own list', () => {
    const { a, b } = untilQuestion();
    const [askA, askB] = [a.effect('ask'), b.effect('ask')];
    assert.equal(askA.digits, askB.digits);
    assert.deepEqual(askA.question, {
      about: 'share',
      userId: ada.ca.userId,
      mine: graceOffers,
      theirs: adaOffers,
    });
    assert.deepEqual(askB.question, {
      about: 'share',
      userId: grace.ca.userId,
      mine: adaOffers,
      theirs: graceOffers,
    });
    a.tell(yes);
    carry(a, b);
    assert.ok(!has(a, 'grant') && !has(b, 'grant'), 'one yes grants nothing');
    b.tell(yes);
    carry(a, b);
    for (const [side, mine, theirs] of [
      [a, graceOffers, ada],
      [b, adaOffers, grace],
    ] as const) {
      assert.deepEqual(side.effect('grant').mine, mine);
      assert.equal(side.effect('grant').theirs.ca.pem, theirs.ca.certPem);
    }
    a.tell(stored);
    carry(a, b);
    assert.equal(a.outcome(), null);
    b.tell(stored);
    carry(a, b);
    assert.equal(a.outcome(), 'done');
    assert.equal(b.outcome(), 'done');
  });

  test('a no on either side grants nothing', () => {
    for (const who of ['a', 'b'] as const) {
      const sides = untilQuestion();
      sides[who === 'a' ? 'b' : 'a'].tell(yes);
      carry(sides.a, sides.b);
      sides[who].tell(no);
      carry(sides.a, sides.b);
      assert.ok(!has(sides.a, 'grant') && !has(sides.b, 'grant'));
      assert.equal(sides[who].outcome(), 'refused-here');
    }
  });

  test('neither side opens before it knows the other’s commitment', () => {
    const { a, b } = createSharing();
    proveSharing({ a, b });
    assert.deepEqual(
      [a.sent, b.sent].map(({ length }) => length),
      [1, 0],
    );
    const types = [...a.sent].map((data) => parseLauncherMessage(data)?.type);
    assert.deepEqual(types, ['commit']);
    b.tell({ event: 'data', data: a.sent.splice(0)[0] ?? new Uint8Array() });
    assert.deepEqual(
      b.sent.map((data) => parseLauncherMessage(data)?.type),
      ['commit'],
    );
  });

  test('what was opened must be what was committed to', () => {
    const grant = formatGrant(grace.ca.certPem, [{ name: 'dmedia-0', access: 'write' }]);
    const { b } = untilQuestion((data) => {
      const message = parseLauncherMessage(data);
      return message?.type === 'open-grant' ? formatLauncherMessage({ ...message, grant }) : data;
    });
    assert.equal(b.outcome(), 'commitment');
    assert.ok(!has(b, 'ask'));
  });

  test('a swapped list is caught by the digits; the twin without the swap is not', () => {
    const nonce = bytes('nonce of the gateway');
    const grant = formatGrant(grace.ca.certPem, [{ name: 'dmedia-0', access: 'write' }]);
    const swap = (data: Uint8Array, from: 'a' | 'b'): Uint8Array => {
      const message = parseLauncherMessage(data);
      if (from === 'b') return data;
      if (message?.type === 'commit')
        return formatLauncherMessage({ type: 'commit', commitment: commitmentOf(nonce, grant) });
      return message?.type === 'open-grant'
        ? formatLauncherMessage({ type: 'open-grant', nonce, grant })
        : data;
    };
    const swapped = untilQuestion(swap);
    assert.notEqual(swapped.a.effect('ask').digits, swapped.b.effect('ask').digits);
    const honest = untilQuestion();
    assert.equal(honest.a.effect('ask').digits, honest.b.effect('ask').digits);
  });

  test('the CA is the one of the user that was said, and not one’s own', () => {
    const { a, b } = createSharing();
    a.tell(proved("Ada's laptop", grace.ca.userId));
    b.tell(proved("Grace's laptop", grace.ca.userId));
    carry(a, b);
    assert.equal(a.outcome(), 'ca');

    const create = (side: 'A' | 'B'): Side =>
      createSide(createShare({ side, caPem: ada.ca.certPem, databases: adaOffers, nonce: bytes(side) }));
    const own = { a: create('A'), b: create('B') };
    for (const side of [own.a, own.b]) side.tell(proved('Ada', ada.ca.userId));
    carry(own.a, own.b);
    assert.equal(own.b.outcome(), 'ca');
    assert.ok(!has(own.b, 'ask'));
  });

  test('a list that is too long for a message is refused before anything is said', () => {
    const databases = Array.from({ length: 256 }, (_, index) => ({
      name: `${'x'.repeat(200)}${index}`,
      access: 'read' as const,
    }));
    assert.throws(
      () => createShare({ side: 'A', caPem: ada.ca.certPem, databases, nonce: bytes('A') }),
      RangeError,
    );
  });

  test('a grant with an unknown key, a database twice, or a name that is none', () => {
    const ca = Buffer.from(formatGrant(grace.ca.certPem, []).slice()).toString();
    const withDatabases = (list: unknown, more: object = {}): Uint8Array =>
      Buffer.from(JSON.stringify({ ...(JSON.parse(ca) as object), databases: list, ...more }));
    const nonce = bytes('nonce');
    const good = [{ name: 'x', access: 'read' }];
    const end = (grant: Uint8Array): string | null => {
      const { b } = createSharing();
      b.tell(proved('Grace', grace.ca.userId));
      const tell = (message: Parameters<typeof formatLauncherMessage>[0]): void =>
        b.tell({ event: 'data', data: formatLauncherMessage(message) });
      tell({ type: 'commit', commitment: commitmentOf(nonce, grant) });
      tell({ type: 'open-grant', nonce, grant });
      return b.outcome();
    };
    assert.equal(end(withDatabases(good)), null);
    assert.equal(end(withDatabases([...good, ...good])), 'ca');
    assert.equal(end(withDatabases([{ name: '_users', access: 'read' }])), 'ca');
    assert.equal(end(withDatabases([{ name: 'x', access: 'admin' }])), 'ca');
    assert.equal(end(withDatabases(good, { more: 1 })), 'ca');
  });
});
