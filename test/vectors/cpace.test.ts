// CPACE-RISTR255-SHA512 against the figures of the draft.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  calculateGenerator,
  confirmationTag,
  isConfirmed,
  scalarMultVfy,
  scalarOf,
  sessionKey,
  shareOf,
  transcriptIr,
} from '../../dist/core/pairing/cpace.js';
import { lv } from '../../dist/core/pairing/encoding.js';

interface Vectors {
  readonly run: Readonly<
    Record<
      | 'PRS'
      | 'CI'
      | 'sid'
      | 'g'
      | 'ya'
      | 'ADa'
      | 'Ya'
      | 'yb'
      | 'ADb'
      | 'Yb'
      | 'K'
      | 'ISK_IR'
      | 'ISK_SY'
      | 'sid_output_ir'
      | 'sid_output_oc',
      string
    >
  >;
  readonly valid: Readonly<Record<'s' | 'X' | 'product', string>>;
  readonly invalid: readonly string[];
}

const file = new URL('../../test/vectors/cpace.json', import.meta.url);
const { run, valid, invalid } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const hex = (value: Uint8Array | null): string | null =>
  value && Buffer.from(value).toString('hex').toUpperCase();
const sha512 = (...parts: Uint8Array[]): Uint8Array =>
  createHash('sha512').update(Buffer.concat(parts)).digest();

const input = { prs: bytes(run.PRS), ci: bytes(run.CI), sid: bytes(run.sid) };
const [ya, yb] = [scalarOf(bytes(run.ya)), scalarOf(bytes(run.yb))];
const a = { point: bytes(run.Ya), ad: bytes(run.ADa) };
const b = { point: bytes(run.Yb), ad: bytes(run.ADb) };

describe('the run of the draft', () => {
  test('has its generator and its shares', () => {
    assert.equal(hex(calculateGenerator(input)), run.g);
    assert.equal(hex(shareOf(input, ya)), run.Ya);
    assert.equal(hex(shareOf(input, yb)), run.Yb);
  });

  test('has its K on both sides, and its ISK', () => {
    assert.equal(hex(scalarMultVfy(ya, b.point)), run.K);
    assert.equal(hex(scalarMultVfy(yb, a.point)), run.K);
    assert.equal(hex(sessionKey(input.sid, bytes(run.K), a, b)), run.ISK_IR);
  });

  test('has its transcript: sid_output of the initiator-responder setting is made of it', () => {
    const label = Buffer.from('CPaceSidOutput');
    assert.equal(hex(sha512(label, transcriptIr(a, b))), run.sid_output_ir);
  });

  test('is not the symmetric setting, whose figures have another transcript', () => {
    // The draft's ordered concatenation: "oc", the larger first.
    const [first, second] = [lv(b.point, b.ad), lv(a.point, a.ad)].sort((x, y) => Buffer.compare(y, x));
    const ordered = Buffer.concat([Buffer.from('oc'), first ?? a.ad, second ?? b.ad]);
    assert.equal(hex(sha512(Buffer.from('CPaceSidOutput'), ordered)), run.sid_output_oc);
    const isk = sha512(lv(Buffer.from('CPaceRistretto255_ISK'), input.sid, bytes(run.K)), ordered);
    assert.equal(hex(isk), run.ISK_SY);
  });
});

describe('a point', () => {
  test('that is valid is multiplied', () =>
    assert.equal(hex(scalarMultVfy(scalarOf(bytes(valid.s)), bytes(valid.X))), valid.product));

  for (const [index, point] of invalid.entries())
    test(`that is invalid (Y${index + 1}) aborts`, () =>
      assert.equal(scalarMultVfy(scalarOf(bytes(valid.s)), bytes(point)), null));

  test('of another length, not canonical, or with its sign bit set, aborts', () => {
    const scalar = scalarOf(bytes(valid.s));
    for (const point of ['', valid.X.slice(2), `${valid.X}00`, 'FF'.repeat(32), `ED${'FF'.repeat(30)}7F`])
      assert.equal(scalarMultVfy(scalar, bytes(point)), null, point);
    const signed = bytes(valid.X);
    signed[31] = (signed[31] ?? 0) | 0x80;
    assert.equal(scalarMultVfy(scalar, signed), null);
  });
});

describe('a scalar', () => {
  test('of 64 bytes is taken modulo the order, and is never zero', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const le = (value: bigint): Uint8Array =>
      Uint8Array.from({ length: 64 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
    assert.equal(scalarOf(le(order + 5n)), 5n);
    assert.throws(() => scalarOf(le(order)), RangeError);
    assert.throws(() => scalarOf(new Uint8Array(64)), RangeError);
  });
});

describe('a confirmation tag', () => {
  const isk = bytes(run.ISK_IR);
  test('is of its sender: the other side’s share, session or key does not confirm it', () => {
    const tag = confirmationTag(input.sid, isk, a);
    assert.ok(isConfirmed(tag, input.sid, isk, a));
    assert.ok(!isConfirmed(tag, input.sid, isk, b));
    assert.ok(!isConfirmed(tag, bytes(run.K), isk, a));
    assert.ok(!isConfirmed(tag, input.sid, bytes(run.ISK_SY), a));
    assert.ok(!isConfirmed(tag.subarray(1), input.sid, isk, a));
    assert.ok(!isConfirmed(new Uint8Array(0), input.sid, isk, a));
  });
});
