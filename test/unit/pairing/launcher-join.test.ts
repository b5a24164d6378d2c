// `join` between two launchers: what is shown, signed and stored, and everything that must not be.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDeviceKey } from '../../../dist/adapters/pki/keys.js';
import { commitmentOf, joinDigits } from '../../../dist/core/pairing/launcher/digits.js';
import { formatLauncherMessage, parseLauncherMessage } from '../../../dist/core/pairing/launcher/messages.js';
import {
  ada,
  bytes,
  carry,
  createJoin,
  csr,
  derOf,
  grace,
  leafFor,
  newDevice,
  now,
  proved,
  proveJoin,
  type Side,
} from './launcher-lab.js';

const HOUR_MS = 3_600_000;
const issued = { leaf: leafFor(csr), statements: [] };
const stored = { event: 'stored' } as const;
const yes = { event: 'answered', yes: true } as const;
const no = { event: 'answered', yes: false } as const;

function untilQuestion() {
  const sides = createJoin();
  proveJoin(sides);
  carry(sides.a, sides.b);
  return sides;
}
function untilSigning() {
  const sides = untilQuestion();
  sides.a.tell(yes);
  sides.b.tell(yes);
  carry(sides.a, sides.b);
  return sides;
}
const isAsked = (side: Side, kind: string): boolean => side.done.some((effect) => effect.do === kind);

describe('join', () => {
  test('both people see the same digits and the other’s name, and the device gets its leaf', () => {
    const { a, b } = untilQuestion();
    const [askA, askB] = [a.effect('ask'), b.effect('ask')];
    assert.match(askA.digits, /^\d{6}$/);
    assert.equal(askA.digits, askB.digits);
    assert.equal(
      askA.digits,
      joinDigits(csr, derOf(ada.ca.certPem), bytes('nonce of A'), bytes('nonce of B')),
    );
    assert.equal(askA.label, "Ada's laptop");
    assert.deepEqual(askA.question, { about: 'user', userId: ada.ca.userId });
    assert.equal(askB.label, "Ada's camera");
    assert.deepEqual(askB.question, { about: 'device', deviceId: newDevice.deviceId });

    b.tell(yes);
    carry(a, b);
    assert.ok(!isAsked(b, 'sign'), 'one yes signs nothing');
    a.tell(yes);
    carry(a, b);
    assert.deepEqual(b.effect('sign').csr, csr);
    b.tell({ event: 'signed', issued });
    carry(a, b);
    assert.equal(a.effect('store').issued.leaf, issued.leaf);
    assert.equal(a.effect('store').ca.userId, ada.ca.userId);
    assert.equal(b.outcome(), null, 'nobody is told that it is done before it is stored');
    a.tell(stored);
    carry(a, b);
    assert.equal(a.outcome(), 'done');
    assert.equal(b.outcome(), 'done');
  });

  test('the yes of the two people may come in either order', () => {
    const { a, b } = untilQuestion();
    a.tell(yes);
    carry(a, b);
    assert.ok(!isAsked(b, 'sign'));
    b.tell(yes);
    assert.ok(isAsked(b, 'sign'));
  });

  test('a leaf comes with its statements and, encrypted, the key of the CA', () => {
    const { a, b } = untilSigning();
    const statement = { payload: '{}', signature: 's', by: ada.ca.userId };
    b.tell({ event: 'signed', issued: { ...issued, statements: [statement], caKey: 'encrypted' } });
    carry(a, b);
    assert.deepEqual(a.effect('store').issued, { ...issued, statements: [statement], caKey: 'encrypted' });
  });

  test('statements that have no room stay behind, the leaf does not', () => {
    const { a, b } = untilSigning();
    const statement = { payload: 'x'.repeat(30_000), signature: 's', by: ada.ca.userId };
    b.tell({ event: 'signed', issued: { ...issued, statements: [statement, statement] } });
    carry(a, b);
    assert.deepEqual(a.effect('store').issued.statements, [statement]);
  });
});

describe('a join that is refused', () => {
  for (const [who, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    test(`${who} says no: nothing is signed`, () => {
      const sides = untilQuestion();
      sides[other].tell(yes);
      carry(sides.a, sides.b);
      sides[who].tell(no);
      carry(sides.a, sides.b);
      assert.equal(sides[who].outcome(), 'refused-here');
      assert.equal(sides[other].outcome(), 'refused-there');
      assert.ok(!isAsked(sides.b, 'sign'));
    });
  }

  test('clocks 12 hours apart are near enough, and a millisecond more is not: both sides find it', () => {
    for (const [differenceMs, outcome] of [
      [12 * HOUR_MS, null],
      [12 * HOUR_MS + 1, 'clocks'],
      [-12 * HOUR_MS - 1, 'clocks'],
      [NaN, 'clocks'],
    ] as const) {
      const { a, b } = createJoin();
      const time = new Date(now.getTime() + differenceMs);
      a.tell(proved('B', ada.ca.userId, { time }));
      b.tell(proved('A', null, { time }));
      assert.equal(a.outcome(), outcome);
      assert.equal(b.outcome(), outcome);
    }
  });

  test('a CSR that the issuer does not want: no question, no signature', () => {
    const { a, b } = createJoin([]);
    proveJoin({ a, b });
    carry(a, b);
    assert.equal(b.outcome(), 'csr');
    assert.ok(!isAsked(b, 'ask'));
    assert.equal(a.outcome(), 'refused-there');
  });

  test('signing that fails is told', () => {
    const { a, b } = untilSigning();
    b.tell({ event: 'failed' });
    carry(a, b);
    assert.equal(b.outcome(), 'failed');
    assert.equal(a.outcome(), 'refused-there');
  });

  test('a leaf for another key, by another CA, or none: not stored', () => {
    for (const leaf of [leafFor(ada.laptop.publicKey), leafFor(csr, grace.ca), ada.ca.certPem, 'no leaf']) {
      const { a, b } = untilSigning();
      b.tell({ event: 'signed', issued: { leaf, statements: [] } });
      carry(a, b);
      assert.equal(a.outcome(), 'leaf');
      assert.ok(!isAsked(a, 'store'));
      assert.equal(b.outcome(), 'unacknowledged');
    }
  });

  test('a leaf before the person’s yes is not stored', () => {
    const { a } = untilQuestion();
    a.tell({ event: 'data', data: formatLauncherMessage({ type: 'leaf', ...issued }) });
    assert.equal(a.outcome(), 'malformed');
    a.tell(yes);
    assert.ok(!isAsked(a, 'store'));
  });

  test('a CA that is not the one of the user that was said', () => {
    for (const userId of [null, grace.ca.userId]) {
      const { a, b } = createJoin();
      a.tell(proved("Ada's laptop", userId));
      b.tell(proved("Ada's camera", null));
      carry(a, b);
      assert.equal(a.outcome(), 'ca');
      assert.equal(b.outcome(), 'refused-there');
    }
  });
});

describe('a join whose gateway was taken over', () => {
  const thief = createDeviceKey();
  const nonce = bytes('nonce of the thief');
  /** Whoever carries the messages knows all of them, and may say others. */
  const swapCsr = (data: Uint8Array): Uint8Array => {
    const message = parseLauncherMessage(data);
    if (message?.type === 'commit')
      return formatLauncherMessage({ type: 'commit', commitment: commitmentOf(nonce, thief.publicKey) });
    return message?.type === 'open-csr'
      ? formatLauncherMessage({ type: 'open-csr', nonce, csr: thief.publicKey })
      : data;
  };
  const ask = (through?: Parameters<typeof carry>[2]): { a: Side; b: Side } => {
    const sides = createJoin([newDevice, thief]);
    proveJoin(sides);
    carry(sides.a, sides.b, through);
    return sides;
  };

  test('a swapped CSR: the digits differ; the twin without the swap has the same', () => {
    const honest = ask();
    assert.equal(honest.a.effect('ask').digits, honest.b.effect('ask').digits);
    const swapped = ask(swapCsr);
    assert.deepEqual(swapped.b.effect('ask').question, { about: 'device', deviceId: thief.deviceId });
    assert.notEqual(swapped.a.effect('ask').digits, swapped.b.effect('ask').digits);
  });

  test('a swapped CA, under the user id that goes with it: the digits differ', () => {
    const { a, b } = createJoin();
    a.tell(proved("Ada's laptop", grace.ca.userId));
    b.tell(proved("Ada's camera", null));
    carry(a, b, (data) => {
      const message = parseLauncherMessage(data);
      return message?.type === 'ca'
        ? formatLauncherMessage({ ...message, ca: derOf(grace.ca.certPem) })
        : data;
    });
    assert.deepEqual(a.effect('ask').question, { about: 'user', userId: grace.ca.userId });
    assert.notEqual(a.effect('ask').digits, b.effect('ask').digits);
  });

  test('a CSR that is not the one committed to is not even asked about', () => {
    const { a, b } = ask((data) => {
      const message = parseLauncherMessage(data);
      return message?.type === 'open-csr'
        ? formatLauncherMessage({ ...message, csr: thief.publicKey })
        : data;
    });
    assert.equal(b.outcome(), 'commitment');
    assert.ok(!isAsked(b, 'ask'));
    assert.equal(a.outcome(), 'refused-there');
  });

  test('the run may end at any moment: what was signed or stored is in doubt, all else undone', () => {
    const ended = { event: 'ended', reason: 'lost' } as const;
    const at = (sides: { a: Side; b: Side }): unknown[] => {
      sides.a.tell(ended);
      sides.b.tell(ended);
      return [sides.a.outcome(), sides.b.outcome()];
    };
    assert.deepEqual(at(createJoin()), ['ended', 'ended']);
    assert.deepEqual(at(untilQuestion()), ['ended', 'ended']);
    assert.deepEqual(at(untilSigning()), ['ended', 'unacknowledged']);
    const storing = untilSigning();
    storing.b.tell({ event: 'signed', issued });
    carry(storing.a, storing.b);
    assert.deepEqual(at(storing), ['unacknowledged', 'unacknowledged']);
  });
});
