// The table of what was seen, told a time that the test makes up.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { PeerAddress } from '../../../dist/core/discovery/addresses.js';
import { encodeDbase32 } from '../../../dist/core/dbase32.js';
import type { InstanceName } from '../../../dist/core/discovery/instance-name.js';
import {
  createRests,
  createUnknownDials,
  MAX_RESTS,
  MAX_UNKNOWN_DIALS_A_LINK,
  UNKNOWN_DIAL_MS,
  WRONG_LEAF_REST_MS,
} from '../../../dist/core/discovery/rests.js';
import {
  MAX_ADDRESSES_A_DEVICE,
  MAX_NAMES_A_LINK,
  MAX_NAMES_A_SOURCE,
} from '../../../dist/core/discovery/room.js';
import { createSeenTable, type SeenTable } from '../../../dist/core/discovery/table.js';
import { deviceIdOf, type DeviceId } from '../../../dist/core/ids.js';

const TTL_MS = 120_000;
const ada = deviceIdOf(Buffer.from('ada'));
const grace = deviceIdOf(Buffer.from('grace'));

function nameOf(number: number): InstanceName {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32BE(number, 6);
  return encodeDbase32(bytes) as InstanceName;
}
const ADA = nameOf(1_000_001);
const ADA_TOMORROW = nameOf(1_000_002);
const GRACE = nameOf(1_000_003);
const at = (number: number, zone = 'near0', port = 1): PeerAddress => ({
  address: `fe80::${number.toString(16)}`,
  zone,
  port,
});

describe('the table of what was seen', () => {
  let known: Map<InstanceName, DeviceId>;
  let table: SeenTable;
  beforeEach(() => {
    known = new Map([
      [ADA, ada],
      [ADA_TOMORROW, ada],
      [GRACE, grace],
    ]);
    table = createSeenTable((instance) => known.get(instance) ?? null);
  });
  const hint = (name: InstanceName, address: PeerAddress, now = 0): boolean =>
    table.hint(name, address, TTL_MS, now);

  test('a hint is an address of its device until its time has passed', () => {
    hint(ADA, at(1));
    table.expire(TTL_MS - 1);
    assert.deepEqual(table.addressesOf(ada, 0), [at(1)]);
    assert.deepEqual(table.addressesOf(grace, 0), []);
    table.expire(TTL_MS);
    assert.deepEqual(table.addressesOf(ada, 0), []);
  });

  test('a repeated hint prolongs it, and is no second address', () => {
    hint(ADA, at(1));
    hint(ADA, at(1), 60_000);
    table.expire(TTL_MS);
    assert.deepEqual(table.addressesOf(ada, 0), [at(1)]);
  });

  test('a goodbye takes back what came from its own address, and nothing of others', () => {
    hint(ADA, at(1));
    hint(ADA, at(2));
    table.goodbye(ADA, 'near0', 'fe80::3', 0);
    table.goodbye(ADA, 'near1', 'fe80::1', 0);
    table.goodbye(GRACE, 'near0', 'fe80::1', 0);
    assert.equal(table.list().length, 2);
    table.goodbye(ADA, 'near0', 'fe80::1', 0);
    assert.deepEqual(table.addressesOf(ada, 0), [at(2)]);
  });

  test('a link that is gone takes its addresses with it', () => {
    hint(ADA, at(1));
    hint(ADA, at(1, 'near1'));
    table.linkGone('near0');
    assert.deepEqual(table.addressesOf(ada, 0), [at(1, 'near1')]);
  });

  test('the address of a live connection outlives its time and its goodbye, until it closes', () => {
    hint(ADA, at(1));
    table.noteOutcome(ada, at(1), 'connected', 0);
    table.expire(TTL_MS);
    table.goodbye(ADA, 'near0', 'fe80::1', TTL_MS);
    assert.deepEqual(table.addressesOf(ada, TTL_MS), [at(1)]);
    table.noteOutcome(ada, at(1), 'closed', TTL_MS);
    assert.deepEqual(table.addressesOf(ada, TTL_MS), []);
  });

  test('the likeliest address comes first', () => {
    for (const number of [1, 2, 3, 4]) hint(ADA, at(number), number);
    table.noteOutcome(ada, at(4), 'unreachable', 5);
    table.noteOutcome(ada, at(2), 'right-leaf', 5);
    table.noteOutcome(ada, at(1), 'connected', 5);
    assert.deepEqual(table.addressesOf(ada, 5), [at(1), at(2), at(3), at(4)]);
  });

  test('around midnight two names are one address', () => {
    hint(ADA, at(1));
    hint(ADA_TOMORROW, at(1));
    assert.deepEqual(table.addressesOf(ada, 0), [at(1)]);
  });

  test('a wrong leaf lets the address rest for a minute, for that device only', () => {
    hint(ADA, at(1));
    hint(GRACE, at(1));
    table.noteOutcome(grace, at(1), 'wrong-leaf', 0);
    assert.deepEqual(table.addressesOf(grace, WRONG_LEAF_REST_MS - 1), []);
    assert.deepEqual(table.addressesOf(ada, 0), [at(1)]);
    assert.deepEqual(table.addressesOf(grace, WRONG_LEAF_REST_MS), [at(1)]);
  });

  test('an address that rests is not freed by being said again', () => {
    hint(ADA, at(1));
    table.noteOutcome(ada, at(1), 'wrong-leaf', 0);
    table.goodbye(ADA, 'near0', 'fe80::1', 1);
    hint(ADA, at(1), 2);
    assert.deepEqual(table.addressesOf(ada, 3), []);
  });

  test('where leaves are judged by other rules, an address that rests may be dialled again', () => {
    hint(ADA, at(1));
    table.noteOutcome(ada, at(1), 'wrong-leaf', 0);
    table.forgetWrong();
    assert.deepEqual(table.addressesOf(ada, 0), [at(1)]);
    assert.equal(table.list()[0]?.standing, 'new');
  });

  test('a device that becomes known has the addresses of its name', () => {
    const unknown = nameOf(7);
    hint(unknown, at(1));
    const late = deviceIdOf(Buffer.from('late'));
    known.set(unknown, late);
    assert.deepEqual(table.addressesOf(late, 0), []);
    table.rematch();
    assert.deepEqual(table.addressesOf(late, 0), [at(1)]);
  });

  describe('bounds', () => {
    const fill = (name: InstanceName, count: number, zone = 'near0'): void => {
      for (let number = 1; number <= count; number++) hint(name, at(number, zone), number);
    };

    test('so many addresses a device; one more pushes out the oldest that nothing speaks for', () => {
      fill(ADA, MAX_ADDRESSES_A_DEVICE);
      assert.equal(table.addressesOf(ada, 0).length, MAX_ADDRESSES_A_DEVICE);
      table.noteOutcome(ada, at(1), 'right-leaf', 100);
      assert.equal(hint(ADA, at(100), 100), true);
      const addresses = table.addressesOf(ada, 100);
      assert.equal(addresses.length, MAX_ADDRESSES_A_DEVICE);
      assert.ok(addresses.some(({ address }) => address === at(1).address));
      assert.ok(!addresses.some(({ address }) => address === at(2).address));
    });

    test('a wrong leaf goes first, then the unreachable', () => {
      fill(ADA, MAX_ADDRESSES_A_DEVICE);
      table.noteOutcome(ada, at(5), 'wrong-leaf', 100);
      table.noteOutcome(ada, at(6), 'unreachable', 100);
      const has = (number: number): boolean =>
        table.list().some(({ address }) => address.address === at(number).address);
      hint(ADA, at(100), 100);
      assert.deepEqual([has(5), has(6)], [false, true]);
      hint(ADA, at(101), 101);
      assert.deepEqual([has(6), has(1)], [false, true]);
    });

    test('a hint never evicts the address of a live connection', () => {
      fill(ADA, MAX_ADDRESSES_A_DEVICE);
      for (let number = 1; number < MAX_ADDRESSES_A_DEVICE; number++)
        table.noteOutcome(ada, at(number), 'connected', 10);
      for (let number = 100; number < 200; number++) assert.equal(hint(ADA, at(number), number), true);
      table.noteOutcome(ada, at(199), 'connected', 200);
      assert.equal(hint(ADA, at(300), 300), false);
      const live = table.list().filter(({ isLive }) => isLive);
      assert.equal(live.length, MAX_ADDRESSES_A_DEVICE);
    });

    test('a flood on one link does not push out the address on another', () => {
      hint(ADA, at(1, 'near1'));
      for (let number = 1; number <= 1000; number++) hint(ADA, at(number), number);
      assert.ok(table.addressesOf(ada, 1000).some(({ zone }) => zone === 'near1'));
      // And one that comes later finds room.
      assert.equal(hint(ADA, at(2, 'near1'), 1001), true);
      assert.equal(table.addressesOf(ada, 1001).filter(({ zone }) => zone === 'near1').length, 2);
    });

    test('so many names a link, and no more', () => {
      for (let number = 1; number <= MAX_NAMES_A_LINK; number++)
        assert.equal(hint(nameOf(number), at(number)), true);
      assert.equal(hint(nameOf(MAX_NAMES_A_LINK + 1), at(1000)), false);
      // Another link has its own bound, and a second address is no second name.
      assert.equal(hint(nameOf(MAX_NAMES_A_LINK + 1), at(1000, 'near1')), true);
      assert.equal(hint(nameOf(1), at(1001)), true);
    });

    test('a known device finds room in a full table, in place of the oldest unknown name', () => {
      for (let number = 1; number <= MAX_NAMES_A_LINK; number++) hint(nameOf(number), at(number), number);
      assert.equal(hint(ADA, at(1000), 1000), true);
      assert.deepEqual(table.addressesOf(ada, 1000), [at(1000)]);
      assert.ok(!table.list().some(({ instance }) => instance === nameOf(1)));
      assert.equal(new Set(table.list().map(({ instance }) => instance)).size, MAX_NAMES_A_LINK);
    });

    test('so many unknown names from one address, and no more', () => {
      for (let number = 1; number <= MAX_NAMES_A_SOURCE; number++)
        assert.equal(hint(nameOf(number), at(1)), true);
      assert.equal(hint(nameOf(100), at(1)), false);
      assert.equal(hint(nameOf(100), at(2)), true);
      assert.equal(hint(ADA, at(1)), true);
    });

    test('10,000 hints of any kind leave a bounded table', () => {
      for (let number = 0; number < 10_000; number++) {
        hint(nameOf(number), at(number), number);
        hint(ADA, at(number, 'near0', 2), number);
      }
      assert.ok(table.list().length <= MAX_NAMES_A_LINK * MAX_ADDRESSES_A_DEVICE);
      assert.ok(table.addressesOf(ada, 10_000).length <= MAX_ADDRESSES_A_DEVICE);
    });

    test('a device that becomes known keeps to its bound', () => {
      const names = [nameOf(1), nameOf(2)];
      for (const name of names) fill(name, MAX_ADDRESSES_A_DEVICE);
      assert.equal(table.list().length, 2 * MAX_ADDRESSES_A_DEVICE);
      for (const name of names) known.set(name, grace);
      table.rematch();
      assert.equal(table.list().length, MAX_ADDRESSES_A_DEVICE);
    });
  });

  test('what is about to end is asked for again, four times at most, and not after it was heard', () => {
    hint(ADA, at(1));
    const asked = (now: number): number => table.takeRenewals('near0', 8, now).length;
    assert.equal(table.hasRenewals('near0', TTL_MS * 0.79), false);
    assert.equal(table.hasRenewals('near0', TTL_MS * 0.8), true);
    assert.equal(table.hasRenewals('near1', TTL_MS * 0.8), false);
    assert.deepEqual(
      [0.8, 0.81, 0.85, 0.9, 0.95, 0.99].map((part) => asked(TTL_MS * part)),
      [1, 0, 1, 1, 1, 0],
    );
    hint(ADA, at(1), TTL_MS);
    assert.equal(asked(TTL_MS), 0);
    assert.equal(asked(TTL_MS * 1.8), 1);
  });
});

describe('what must wait', () => {
  test('rests are bounded: the oldest is forgotten', () => {
    const rests = createRests();
    for (let number = 0; number <= MAX_RESTS; number++) rests.add(String(number), number);
    assert.equal(rests.size, MAX_RESTS);
    assert.deepEqual([rests.has('0', MAX_RESTS), rests.has('1', MAX_RESTS)], [false, true]);
  });

  test('an unknown name is dialled once in ten minutes, on whatever link', () => {
    const dials = createUnknownDials();
    assert.equal(dials.take(nameOf(1), 'near0', 0), true);
    assert.equal(dials.take(nameOf(1), 'near0', UNKNOWN_DIAL_MS - 1), false);
    assert.equal(dials.take(nameOf(1), 'near1', UNKNOWN_DIAL_MS - 1), false);
    assert.equal(dials.take(nameOf(2), 'near0', UNKNOWN_DIAL_MS - 1), true);
    assert.equal(dials.take(nameOf(1), 'near0', UNKNOWN_DIAL_MS), true);
  });

  test('a flood of unknown names is dialled up to a bound, each link by itself', () => {
    const dials = createUnknownDials();
    const take = (number: number, zone: string, now = 0): boolean => dials.take(nameOf(number), zone, now);
    for (let number = 0; number < MAX_UNKNOWN_DIALS_A_LINK; number++)
      assert.equal(take(number, 'near0'), true);
    assert.equal(take(1000, 'near0'), false);
    assert.equal(take(1000, 'near1'), true);
    assert.equal(take(1001, 'near0', UNKNOWN_DIAL_MS), true);
    assert.equal(dials.size, 1);
  });
});
