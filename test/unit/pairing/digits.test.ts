// Why the digits are made as they are: the two ways that would be simpler, and how each lets a swap through.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  commitmentOf,
  isCommitted,
  joinDigits,
  shareDigits,
} from '../../../dist/core/pairing/launcher/digits.js';
import { bytes } from './launcher-lab.js';

const [csr, thief, ca] = [bytes('request of A'), bytes('request of the thief'), bytes('CA')];
const [cA, cB, cThief] = [bytes('cA'), bytes('cB'), bytes('nonce of the thief')];

describe('six digits', () => {
  test('are six, and change with each of the four things that they are made of', () => {
    const digits = joinDigits(csr, ca, cA, cB);
    assert.match(digits, /^\d{6}$/);
    const others = [
      joinDigits(thief, ca, cA, cB),
      joinDigits(csr, bytes('another CA'), cA, cB),
      joinDigits(csr, ca, cThief, cB),
      joinDigits(csr, ca, cA, cThief),
    ];
    assert.equal(new Set([digits, ...others]).size, 5);
    const share = shareDigits(bytes('A'), bytes('B'), cA, cB);
    assert.notEqual(share, shareDigits(bytes('B'), bytes('A'), cA, cB));
    assert.notEqual(share, shareDigits(bytes('A'), bytes('B'), cB, cA));
  });

  test('a swapped request shows on the screens', () =>
    assert.notEqual(joinDigits(csr, ca, cA, cB), joinDigits(thief, ca, cThief, cB)));

  test('control: digits made of what the two gateways share would be the same, whatever is signed', () => {
    const isk = bytes('ISK');
    const screens = [csr, thief].map(() => joinDigits(isk, isk, isk, isk));
    assert.equal(new Set(screens).size, 1);
  });

  test('control: without the commitment, whoever saw cA first finds a nonce with which both screens agree', () => {
    // Found by trying 1,794,822 of them, a few seconds of one core.
    const found = bytes('try 1794821');
    assert.equal(joinDigits(csr, ca, cA, found), joinDigits(thief, ca, cThief, cB));
  });

  test('a commitment holds to its nonce and to what was committed', () => {
    const commitment = commitmentOf(cA, csr);
    assert.ok(isCommitted(commitment, cA, csr));
    assert.ok(!isCommitted(commitment, cB, csr));
    assert.ok(!isCommitted(commitment, cA, thief));
  });
});
