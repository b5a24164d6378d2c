// What is read from packets and written into them, and when.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideAnswer } from '../../../dist/core/discovery/answer.js';
import { MAX_TTL_MS, parseClaims, type Claim } from '../../../dist/core/discovery/claims.js';
import { createHalfKnown, HALF_MS, MAX_HALVES } from '../../../dist/core/discovery/half-known.js';
import { instanceNameOf, type InstanceName } from '../../../dist/core/discovery/instance-name.js';
import { browseQuery, MAX_NAMES_A_QUERY, resolveQuery } from '../../../dist/core/discovery/queries.js';
import {
  instanceIn,
  recordsOf,
  SERVICE,
  SERVICES,
  serviceNameOf,
  TTL_SECONDS,
  type OwnService,
  type RawRecord,
} from '../../../dist/core/discovery/records.js';
import { createSchedule, MAX_QUERY_INTERVAL_MS } from '../../../dist/core/discovery/schedule.js';
import { createTold } from '../../../dist/core/discovery/told.js';
import { deviceIdOf } from '../../../dist/core/ids.js';

const day = new Date('2026-11-20T12:00:00Z');
const ada = deviceIdOf(Buffer.from('ada'));
const name = instanceNameOf(ada, day);
const own: OwnService = { instance: name, port: 4242, addresses: ['fe80::1'] };
const nth = (number: number): InstanceName => instanceNameOf(deviceIdOf(Buffer.from(String(number))), day);
const full = serviceNameOf(name);

describe('records', () => {
  test('an announcement has the service, its port, the version and the addresses, and no name of the machine', () => {
    const records = recordsOf(own);
    assert.deepEqual(
      records.map(({ type, ttl }) => [type, ttl]),
      [
        ['PTR', TTL_SECONDS],
        ['SRV', TTL_SECONDS],
        ['TXT', TTL_SECONDS],
        ['AAAA', TTL_SECONDS],
      ],
    );
    assert.ok(records.slice(1).every(({ flush }) => flush === true));
    assert.ok(recordsOf(own, 0).every(({ ttl }) => ttl === 0));
  });

  test('an instance is read from its whole name only', () => {
    assert.equal(instanceIn(full), name);
    assert.equal(instanceIn(full.toUpperCase()), name);
    for (const bad of [name, SERVICE, `x.${full}`, `${name}._http._tcp.local`, `${full}.`, `.${SERVICE}`])
      assert.equal(instanceIn(bad), null);
  });
});

describe('claims', () => {
  const whole: Claim = {
    instance: name,
    port: 4242,
    isOurVersion: true,
    ttlMs: MAX_TTL_MS,
    isGoodbye: false,
  };
  const only = (...answers: RawRecord[]): Claim | undefined => parseClaims({ answers })[0];

  test('our own announcement is read whole, wherever its records lie', () => {
    assert.deepEqual(parseClaims({ answers: recordsOf(own) }), [whole]);
    const [pointer, ...rest] = recordsOf(own) as RawRecord[];
    assert.deepEqual(parseClaims({ answers: pointer ? [pointer] : [], additionals: rest }), [whole]);
  });

  test('a goodbye is one by its pointer or its service', () => {
    assert.equal(parseClaims({ answers: recordsOf(own, 0) })[0]?.isGoodbye, true);
    assert.equal(only({ name: full, type: 'TXT', ttl: 0, data: 'v=1' })?.isGoodbye, false);
  });

  test('times are cut to the bound', () => {
    const srv = (ttl: number): RawRecord => ({ name: full, type: 'SRV', ttl, data: { port: 1 } });
    assert.equal(only(srv(4500))?.ttlMs, MAX_TTL_MS);
    assert.equal(only(srv(10))?.ttlMs, 10_000);
  });

  test('another version is told from ours, as text or as bytes', () => {
    const txt = (data: unknown): boolean | null | undefined =>
      only({ name: full, type: 'TXT', ttl: 120, data })?.isOurVersion;
    assert.equal(txt([Buffer.from('a=b'), Buffer.from('v=1')]), true);
    for (const other of ['v=2', [Buffer.from('v=10')], [], null, undefined, [{}]])
      assert.equal(txt(other), false);
  });

  test('nonsense is no claim, and no port', () => {
    const nonsense: RawRecord[] = [
      { name: 'beside._http._tcp.local', type: 'SRV', ttl: 120, data: { port: 1 } },
      { name: SERVICE, type: 'PTR', ttl: 120, data: 5 },
      { name: SERVICE, type: 'PTR', ttl: 120, data: `\u202e.${SERVICE}` },
      { name: full, type: 'A', ttl: 120, data: '10.0.0.1' },
    ];
    assert.deepEqual(parseClaims({ answers: nonsense }), []);
    assert.deepEqual(parseClaims({}), []);
    for (const data of [null, undefined, {}, { port: 0 }, { port: 65_536 }, { port: '1' }])
      assert.equal(only({ name: full, type: 'SRV', ttl: 120, data })?.port, null);
  });
});

describe('what comes in parts', () => {
  const part = (claim: Partial<Claim>, instance = name): Claim => ({
    instance,
    port: null,
    isOurVersion: null,
    ttlMs: MAX_TTL_MS,
    isGoodbye: false,
    ...claim,
  });

  test('is put together by source, and asked for once', () => {
    const half = createHalfKnown();
    assert.equal(half.add('fe80::1', part({}), 0), null);
    assert.deepEqual([half.takeMissing(16), half.takeMissing(16)], [[name], []]);
    assert.equal(half.add('fe80::1', part({ port: 1 }), 1), null);
    assert.equal(half.add('fe80::2', part({ isOurVersion: true }), 1), null);
    assert.deepEqual(half.add('fe80::1', part({ isOurVersion: true, ttlMs: 10 }), 2), {
      instance: name,
      port: 1,
      ttlMs: 10,
    });
    assert.equal(half.size, 1);
  });

  test('of another version it is no hint; a half that is too old counts no more', () => {
    const half = createHalfKnown();
    assert.equal(half.add('fe80::1', part({ port: 1, isOurVersion: false }), 0), null);
    half.add('fe80::1', part({ port: 1 }), 0);
    assert.equal(half.add('fe80::1', part({ isOurVersion: true }), HALF_MS), null);
    half.add('fe80::2', part({ port: 1 }), 0);
    assert.notEqual(half.add('fe80::2', part({ isOurVersion: true }), HALF_MS - 1), null);
  });

  test('is bounded: the oldest half goes', () => {
    const half = createHalfKnown();
    for (let number = 0; number <= MAX_HALVES; number++)
      half.add('fe80::1', part({ port: 1 }, nth(number)), 0);
    assert.equal(half.size, MAX_HALVES);
    assert.equal(half.add('fe80::1', part({ isOurVersion: true }, nth(0)), 0), null);
    assert.notEqual(half.add('fe80::1', part({ isOurVersion: true }, nth(MAX_HALVES)), 0), null);
    assert.equal(half.takeMissing(16).length, 16);
  });
});

describe('answers', () => {
  const types = (questions: { name: string; type: string }[], answers: RawRecord[] = []): string[] =>
    decideAnswer({ questions, answers }, own).map(({ type }) => type);
  const ALL = ['PTR', 'SRV', 'TXT', 'AAAA'];

  test('to whoever browses, asks for the instance, for its host, or for services of any kind', () => {
    assert.deepEqual(types([{ name: SERVICE, type: 'PTR' }]), ALL);
    assert.deepEqual(types([{ name: SERVICE.toUpperCase(), type: 'ANY' }]), ALL);
    assert.deepEqual(types([{ name: full, type: 'SRV' }]), ALL);
    assert.deepEqual(types([{ name: `${name}.local`, type: 'AAAA' }]), ALL);
    assert.deepEqual(types([{ name: SERVICES, type: 'PTR' }]), ['PTR']);
  });

  test('to nobody else', () => {
    assert.deepEqual(types([]), []);
    assert.deepEqual(types([{ name: '_http._tcp.local', type: 'PTR' }]), []);
    assert.deepEqual(types([{ name: serviceNameOf(nth(1)), type: 'SRV' }]), []);
    assert.deepEqual(types([{ name: `${name}.local`, type: 'A' }]), []);
  });

  test('not to who knows it for half of its time or longer', () => {
    const knows = (ttl: number): RawRecord[] => [{ name: SERVICE, type: 'PTR', ttl, data: full }];
    const browse = [{ name: SERVICE, type: 'PTR' }];
    assert.deepEqual(types(browse, knows(TTL_SECONDS / 2)), []);
    assert.deepEqual(types(browse, knows(TTL_SECONDS / 2 - 1)), ALL);
    assert.deepEqual(types([...browse, { name: full, type: 'SRV' }], knows(TTL_SECONDS)), ALL);
  });
});

describe('queries', () => {
  const entry = (number: number, standing: 'new' | 'proven') => ({
    instance: nth(number),
    deviceId: ada,
    address: { address: 'fe80::1', zone: 'near0', port: 1 },
    since: 0,
    heardAt: 0,
    expiresAt: 120_000,
    renewals: 0,
    standing,
    isLive: false,
  });

  test('who was reached and has half of its time left need not answer; a mere hint keeps nobody silent', () => {
    const held = [entry(1, 'proven'), entry(2, 'new')];
    assert.deepEqual(
      browseQuery(held, 59_000).answers.map(({ data }) => data),
      [serviceNameOf(nth(1))],
    );
    assert.deepEqual(browseQuery(held, 60_000).answers, []);
  });

  test('a query lists and asks about so many names, and no more', () => {
    const numbers = Array.from({ length: MAX_NAMES_A_QUERY + 1 }, (_, index) => index);
    assert.equal(
      browseQuery(
        numbers.map((number) => entry(number, 'proven')),
        0,
      ).answers.length,
      MAX_NAMES_A_QUERY,
    );
    assert.equal(resolveQuery(numbers.map(nth)).questions.length, 2 * MAX_NAMES_A_QUERY);
  });
});

describe('the schedule', () => {
  const create = (browses = true) => createSchedule({ browses, random: () => 0 }, 0);
  /** The times at which something of a kind is done, up to `until`. */
  function run(schedule: ReturnType<typeof create>, kind: 'announce' | 'query', until: number): number[] {
    const times: number[] = [];
    for (let at = schedule.nextAt(); at <= until; at = schedule.nextAt())
      if (schedule.take(at)[kind]) times.push(at);
    return times;
  }

  test('announces at once and twice more, queries ever more rarely', () => {
    const schedule = create();
    schedule.announce(0);
    assert.deepEqual(run(schedule, 'announce', 10_000), [0, 1000, 3000]);
    const times = run(create(), 'query', 1_000_000);
    assert.deepEqual(times.slice(0, 5), [20, 1020, 3020, 7020, 15_020]);
    assert.equal((times.at(-1) ?? 0) - (times.at(-2) ?? 0), MAX_QUERY_INTERVAL_MS);
  });

  test('however many ask, an answer goes out once a second', () => {
    const schedule = create(false);
    const times: number[] = [];
    for (let now = 0; now <= 5000; now += 10) {
      schedule.answer(now);
      if (schedule.take(now).announce) times.push(now);
    }
    assert.deepEqual(times, [20, 1020, 2020, 3020, 4020]);
  });

  test('what is switched off never comes', () => {
    const schedule = create(false);
    schedule.resolve(0);
    assert.equal(schedule.nextAt(), Infinity);
  });
});

describe('what the launcher is told', () => {
  const seen = (number: number, deviceId: typeof ada | null = null) => ({
    instance: nth(number),
    deviceId,
    address: { address: 'fe80::1', zone: 'near0', port: number },
  });

  test('is the difference, once', () => {
    const told = createTold();
    assert.deepEqual(told.next([seen(1)], 8), { seen: [seen(1)], lost: [], hasMore: false });
    assert.deepEqual(told.next([seen(1)], 8), { seen: [], lost: [], hasMore: false });
    assert.deepEqual(told.next([seen(1, ada)], 8).seen, [seen(1, ada)]);
    assert.deepEqual(told.next([], 8).lost, [seen(1, ada)]);
  });

  test('comes at its own pace, known devices first, and ends up right', () => {
    const told = createTold();
    const table = [1, 2, 3].map((number) => seen(number)).concat(seen(4, ada));
    assert.deepEqual(told.next(table, 2), { seen: [seen(4, ada), seen(1)], lost: [], hasMore: true });
    // What came and went in between is never told.
    assert.deepEqual(told.next([seen(4, ada)], 2), { seen: [], lost: [seen(1)], hasMore: false });
  });
});
