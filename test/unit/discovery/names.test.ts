import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { encodeDbase32 } from '../../../dist/core/dbase32.js';
import {
  instanceNameOf,
  instanceNamesAround,
  parseInstanceName,
} from '../../../dist/core/discovery/instance-name.js';
import { createKnownNames, MAX_LEARNED } from '../../../dist/core/discovery/known-names.js';
import { deviceIdOf, type DeviceId } from '../../../dist/core/ids.js';

const device = (number: number): DeviceId => deviceIdOf(Buffer.from(`key ${number}`));
const noon = new Date('2026-11-20T12:00:00Z');
const hours = (count: number): Date => new Date(noon.getTime() + count * 3_600_000);

describe('the name of the day', () => {
  test('is the start of a SHA-256 over label, id and UTC date', () => {
    const id = '3'.repeat(48) as DeviceId;
    const digest = createHash('sha256').update(`patchcord-instance:${id}:2026-11-20`, 'ascii').digest();
    assert.equal(instanceNameOf(id, noon), encodeDbase32(digest.subarray(0, 30)).slice(0, 16));
    // So that another implementation can check itself; docs/protocol-discovery.md has the same.
    assert.equal(instanceNameOf(id, noon), '34XNABCWGH37DHY7');
  });

  test('holds from midnight to midnight, UTC', () => {
    const name = (text: string): string => instanceNameOf(device(1), new Date(text));
    assert.equal(name('2026-11-20T00:00:00.000Z'), name('2026-11-20T23:59:59.999Z'));
    assert.notEqual(name('2026-11-20T23:59:59.999Z'), name('2026-11-21T00:00:00.000Z'));
    assert.notEqual(name('2026-11-20T12:00:00Z'), instanceNameOf(device(2), noon));
  });

  test('around now there are three, today first', () => {
    const around = instanceNamesAround(device(1), noon);
    assert.deepEqual(
      around,
      [0, -24, 24].map((offset) => instanceNameOf(device(1), hours(offset))),
    );
  });

  test('is read whatever its case, and nothing else is', () => {
    const name = instanceNameOf(device(1), noon);
    assert.equal(parseInstanceName(name), name);
    assert.equal(parseInstanceName(name.toLowerCase()), name);
    for (const bad of ['', name.slice(1), `${name}3`, `${name.slice(1)}Z`, `${name.slice(1)}\n`])
      assert.equal(parseInstanceName(bad), null);
  });
});

describe('known names', () => {
  test('a device is found by its name of today and of a day off, not of two', () => {
    const names = createKnownNames(noon);
    names.replace([device(1)]);
    for (const offset of [-24, 0, 24])
      assert.equal(names.deviceOf(instanceNameOf(device(1), hours(offset))), device(1));
    for (const offset of [-48, 48])
      assert.equal(names.deviceOf(instanceNameOf(device(1), hours(offset))), null);
    assert.equal(names.deviceOf(instanceNameOf(device(2), noon)), null);
  });

  test('they turn at midnight, and only then', () => {
    const names = createKnownNames(noon);
    names.replace([device(1)]);
    assert.equal(names.turnTo(hours(11)), false);
    assert.equal(names.turnTo(hours(12)), true);
    assert.equal(names.deviceOf(instanceNameOf(device(1), hours(36))), device(1));
    assert.equal(names.deviceOf(instanceNameOf(device(1), hours(-24))), null);
    // A clock that is set back.
    assert.equal(names.turnTo(noon), true);
    assert.equal(names.deviceOf(instanceNameOf(device(1), hours(-24))), device(1));
  });

  test('what was learned outlives a new env', () => {
    const names = createKnownNames(noon);
    names.replace([device(1)]);
    assert.equal(names.learn(device(1)), false);
    assert.equal(names.learn(device(2)), true);
    assert.equal(names.learn(device(2)), false);
    names.replace([]);
    assert.equal(names.deviceOf(instanceNameOf(device(1), noon)), null);
    assert.equal(names.deviceOf(instanceNameOf(device(2), noon)), device(2));
  });

  test('as many are learned as the bound says; one more, and the first is forgotten', () => {
    const names = createKnownNames(noon);
    const isKnown = (number: number): boolean =>
      names.deviceOf(instanceNameOf(device(number), noon)) === device(number);
    for (let number = 1; number <= MAX_LEARNED; number++) names.learn(device(number));
    assert.deepEqual([isKnown(1), isKnown(MAX_LEARNED)], [true, true]);
    names.learn(device(0));
    assert.deepEqual([isKnown(1), isKnown(2), isKnown(0)], [false, true, true]);
  });
});
