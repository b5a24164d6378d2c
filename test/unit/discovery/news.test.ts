// What is told of the table, and how fast. The timers are the test's.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { encodeDbase32 } from '../../../dist/core/dbase32.js';
import type { UnknownName } from '../../../dist/core/discovery/addresses.js';
import type { InstanceName } from '../../../dist/core/discovery/instance-name.js';
import { MAX_UNKNOWN_DIALS_A_LINK, UNKNOWN_DIAL_MS } from '../../../dist/core/discovery/rests.js';
import { createSeenTable, type SeenTable } from '../../../dist/core/discovery/table.js';
import { deviceIdOf, userIdOf, type DeviceId, type UserId } from '../../../dist/core/ids.js';
import { createNews, type News } from '../../../dist/gateway/seen/news.js';

const ada = deviceIdOf(Buffer.from('ada'));
const user = userIdOf(Buffer.from('user'));
const grace = userIdOf(Buffer.from('grace'));
const ADA = nameOf(1_000_001);
const TTL_MS = 10 * UNKNOWN_DIAL_MS;
const SECOND_MS = 1000;

function nameOf(number: number): InstanceName {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32BE(number, 6);
  return encodeDbase32(bytes) as InstanceName;
}

describe('news of the table', () => {
  let now: number;
  let lets: Set<UserId>;
  let told: string[];
  let table: SeenTable;
  let news: News;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    now = 0;
    lets = new Set([user]);
    told = [];
    table = createSeenTable((instance) => (instance === ADA ? ada : null));
    news = createNews({
      table,
      steadyMs: () => now,
      usersLetIn: () => lets,
      emit: (event) => void told.push(event.event),
    });
  });
  afterEach(() => mock.timers.reset());

  function pass(ms: number): void {
    for (const end = now + ms; now < end; now += 10) mock.timers.tick(10);
  }
  function hint(instance: InstanceName, number: number): void {
    table.hint(instance, { address: `fe80::${number.toString(16)}`, zone: 'near0', port: 1 }, TTL_MS, now);
    news.changed();
  }
  function subscribe(): UnknownName[] {
    const dialled: UnknownName[] = [];
    news.onUnknown((unknown) => dialled.push(unknown));
    return dialled;
  }

  test('who comes and goes is told, and the dialling side hears of devices', () => {
    const changed: DeviceId[] = [];
    const end = news.onChange((deviceId) => changed.push(deviceId));
    hint(ADA, 1);
    pass(SECOND_MS);
    assert.deepEqual([told, changed], [['peer-seen'], [ada]]);
    end();
    table.linkGone('near0');
    news.changed();
    pass(SECOND_MS);
    assert.deepEqual([told, changed], [['peer-seen', 'peer-lost'], [ada]]);
  });

  test('a flood is told at a pace of its own', () => {
    for (let number = 1; number <= 200; number++) hint(nameOf(number), number);
    pass(SECOND_MS);
    assert.ok(told.length > 0 && told.length <= 40, String(told.length));
    pass(10 * SECOND_MS);
    assert.equal(told.length, 200);
  });

  test('an unknown name is dialled once in ten minutes, a known one not from here', () => {
    const dialled = subscribe();
    hint(ADA, 1);
    hint(nameOf(1), 2);
    hint(nameOf(1), 3);
    pass(UNKNOWN_DIAL_MS - SECOND_MS);
    hint(nameOf(1), 2);
    pass(SECOND_MS / 2);
    assert.deepEqual(
      dialled.map(({ instance, address }) => [instance, address.address]),
      [[nameOf(1), 'fe80::2']],
    );
    pass(SECOND_MS);
    hint(nameOf(1), 2);
    pass(SECOND_MS);
    assert.equal(dialled.length, 2);
  });

  test('unknown names are dialled once more when the devices of another user are let in', () => {
    const dialled = subscribe();
    hint(nameOf(1), 1);
    pass(SECOND_MS);
    lets = new Set([user, grace]);
    news.changed();
    pass(SECOND_MS);
    assert.equal(dialled.length, 2);
    // One who is let in no more makes nobody worth a look.
    lets = new Set([user]);
    news.changed();
    pass(SECOND_MS);
    assert.equal(dialled.length, 2);
  });

  test('a flood of unknown names is dialled slowly, and up to a bound', () => {
    const dialled = subscribe();
    for (let number = 1; number <= 256; number++) hint(nameOf(number), number);
    pass(SECOND_MS);
    assert.ok(dialled.length > 0 && dialled.length <= 20, String(dialled.length));
    pass(100 * SECOND_MS);
    table.linkGone('near0');
    for (let number = 301; number <= 400; number++) hint(nameOf(number), number);
    pass(100 * SECOND_MS);
    assert.equal(dialled.length, MAX_UNKNOWN_DIALS_A_LINK);
  });

  test('where every device that may come in is known by id, no unknown name is dialled', () => {
    const dialled = subscribe();
    lets = new Set();
    hint(nameOf(1), 1);
    pass(SECOND_MS);
    assert.deepEqual(dialled, []);
    lets = new Set([user]);
    news.changed();
    pass(SECOND_MS);
    assert.equal(dialled.length, 1);
  });

  test('once it is closed it tells nothing', () => {
    hint(ADA, 1);
    news.close();
    hint(nameOf(1), 2);
    pass(SECOND_MS);
    assert.deepEqual(told, []);
  });
});
