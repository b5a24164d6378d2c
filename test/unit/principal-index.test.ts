// Which entry a leaf goes by: the same as a walk from the first to the last would find.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId } from '../../dist/core/ids.js';
import type { PrincipalEntry } from '../../dist/core/policy/policy.js';
import { createCoverCheck, entryFor, type KnownLeaf } from '../../dist/core/policy/principal-index.js';

const NAMES = ['user', 'grace', null];
const DEVICES = ['A', 'B', null] as (DeviceId | null)[];
const CERTS = ['nas', 'it', null];

const entries: PrincipalEntry[] = [
  ...NAMES.flatMap((issuer) =>
    issuer === null
      ? []
      : DEVICES.map((device): PrincipalEntry => ({ kind: 'issuer', issuer, device, role: 'r' })),
  ),
  ...CERTS.flatMap((cert): PrincipalEntry[] => (cert === null ? [] : [{ kind: 'cert', cert, role: 'r' }])),
];
const leaves: KnownLeaf[] = NAMES.flatMap((issuer) =>
  CERTS.flatMap((cert) => (['A', 'B', 'C'] as DeviceId[]).map((device) => ({ issuer, cert, device }))),
);

const matches = (entry: PrincipalEntry, leaf: KnownLeaf): boolean =>
  entry.kind === 'cert'
    ? entry.cert === leaf.cert
    : entry.issuer === leaf.issuer && (entry.device === null || entry.device === leaf.device);

/** Every order in which some of the entries may stand, by a fixed shuffle. */
const orders = Array.from({ length: 200 }, (_, seed) =>
  entries
    .map((entry, index) => ({ entry, at: ((index + 1) * (seed * 2 + 7919)) % 101 }))
    .filter(({ at }) => at % 3 !== 0)
    .sort((one, other) => one.at - other.at)
    .map(({ entry }) => entry),
);

test('the first that matches holds, as in a walk', () => {
  for (const order of orders)
    for (const leaf of leaves)
      assert.equal(
        entryFor(order, leaf),
        order.find((entry) => matches(entry, leaf)),
      );
});

test('an empty policy lets no one in', () => {
  for (const leaf of leaves) assert.equal(entryFor([], leaf), undefined);
});

test('an entry that is never reached is found, and one that is reached is not', () => {
  const [any, one, same, other] = [
    { kind: 'issuer', issuer: 'user', device: null, role: 'r' },
    { kind: 'issuer', issuer: 'user', device: 'A' as DeviceId, role: 'r' },
    { kind: 'issuer', issuer: 'user', device: 'A' as DeviceId, role: 's' },
    { kind: 'cert', cert: 'user', role: 'r' },
  ] as const satisfies PrincipalEntry[];
  assert.deepEqual([one, any, other].map(createCoverCheck()), [false, false, false]);
  assert.deepEqual([any, one].map(createCoverCheck()), [false, true]);
  assert.deepEqual([one, same].map(createCoverCheck()), [false, true]);
});
