// The words of the launchers, every one of them at every moment, and what is none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPairingCode, formatPairingCode, parsePairingCode } from '../../../dist/core/pairing/code.js';
import { MAX_PAIR_DATA_BYTES } from '../../../dist/core/control/pairing.js';
import {
  formatLauncherMessage,
  MAX_CSR_BYTES,
  parseLauncherMessage,
  type LauncherMessage,
} from '../../../dist/core/pairing/launcher/messages.js';
import {
  bytes,
  createJoin,
  createSharing,
  leafFor,
  csr,
  proveJoin,
  proveSharing,
  type Side,
} from './launcher-lab.js';

const nonce = bytes('nonce');
const MESSAGES: readonly LauncherMessage[] = [
  { type: 'commit', commitment: bytes('commitment') },
  { type: 'ca', nonce, ca: bytes('ca') },
  { type: 'open-csr', nonce, csr: bytes('csr') },
  { type: 'open-grant', nonce, grant: bytes('grant') },
  { type: 'yes' },
  { type: 'no' },
  { type: 'leaf', leaf: leafFor(csr), statements: [] },
  { type: 'stored' },
];

describe('every message in every order', () => {
  const joined = () => {
    const both = createJoin();
    proveJoin(both);
    return both;
  };
  const sharing = () => {
    const both = createSharing();
    proveSharing(both);
    return both;
  };
  const sides: Record<string, () => Side> = {
    'join, joiner': () => joined().a,
    'join, offerer': () => joined().b,
    'share, A': () => sharing().a,
    'share, B': () => sharing().b,
  };
  const effects = new Set(['sign', 'store', 'grant']);
  for (const [name, create] of Object.entries(sides)) {
    test(`${name}: without the own person’s yes nothing is signed, stored or granted, and the machine ends`, () => {
      for (const first of MESSAGES)
        for (const second of MESSAGES)
          for (const third of MESSAGES) {
            const side = create();
            for (const message of [first, second, third])
              side.tell({ event: 'data', data: formatLauncherMessage(message) });
            assert.ok(!side.done.some((effect) => effects.has(effect.do)));
            assert.notEqual(side.outcome(), null);
            assert.equal(side.done.filter((effect) => effect.do === 'end').length, 1);
          }
    });

    test(`${name}: what its own parts say too early or twice does nothing`, () => {
      const side = create();
      const before = side.done.length;
      side.tell({ event: 'answered', yes: true });
      side.tell({ event: 'stored' });
      side.tell({ event: 'signed', issued: { leaf: '', statements: [] } });
      side.tell({ event: 'failed' });
      assert.equal(side.done.length, before);
    });
  }
});

describe('a message', () => {
  test('is what was said', () => {
    for (const message of MESSAGES)
      assert.deepEqual(parseLauncherMessage(formatLauncherMessage(message)), message);
  });

  test('is nothing else', () => {
    const parse = (value: unknown): unknown =>
      parseLauncherMessage(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
    assert.notEqual(parse({ type: 'yes' }), null);
    for (const value of [
      '',
      '{',
      'null',
      [],
      {},
      { type: 'yes', more: 1 },
      { type: 'maybe' },
      { type: '__proto__' },
      { type: 'commit', commitment: 'AAAA' },
      { type: 'commit', commitment: `${Buffer.alloc(32).toString('base64url')}=` },
      { type: 'commit', commitment: Buffer.alloc(33).toString('base64url') },
      { type: 'leaf', leaf: 'x', statements: [{ payload: '', signature: '', by: '', more: 1 }] },
    ])
      assert.equal(parse(value), null, JSON.stringify(value));
    assert.equal(parseLauncherMessage(Uint8Array.of(0xff, 0xfe)), null);
  });

  test('has a CSR of at most 4 KiB, and fits', () => {
    const open = (length: number): LauncherMessage => ({
      type: 'open-csr',
      nonce,
      csr: new Uint8Array(length),
    });
    assert.notEqual(parseLauncherMessage(formatLauncherMessage(open(MAX_CSR_BYTES))), null);
    assert.equal(parseLauncherMessage(formatLauncherMessage(open(MAX_CSR_BYTES + 1))), null);
    assert.throws(() => formatLauncherMessage(open(MAX_PAIR_DATA_BYTES)), RangeError);
  });
});

describe('a code', () => {
  test('is made of 40 bits, and read as people type', () => {
    const code = createPairingCode(Uint8Array.of(0x00, 0x44, 0x32, 0x14, 0xc7));
    assert.equal(code, '01234567');
    assert.equal(formatPairingCode(code), '0123-4567');
    for (const typed of ['0123-4567', ' o1 23 45 67 ', 'OL234567', 'oi23-4567'])
      assert.equal(parsePairingCode(typed), code, typed);
    assert.equal(createPairingCode(new Uint8Array(5).fill(0xff)), 'ZZZZZZZZ');
  });

  test('is nothing else', () => {
    for (const typed of ['', '1234567', '123456789', 'U1234567', '1234567é', '0'.repeat(65)])
      assert.equal(parsePairingCode(typed), null, typed);
    assert.throws(() => createPairingCode(new Uint8Array(4)), RangeError);
  });
});
