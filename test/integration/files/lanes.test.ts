import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { inLanes } from '../../../dist/adapters/files/lanes.js';

const ITEMS = [0, 1, 2, 3, 4, 5, 6];

test('every item is worked on once, as many at a time as there are lanes', async () => {
  const begun: number[] = [];
  let [under, most] = [0, 0];
  await inLanes(3, ITEMS, async (item) => {
    begun.push(item);
    most = Math.max(most, ++under);
    await setImmediate();
    under--;
  });
  assert.deepEqual(begun, ITEMS);
  assert.equal(most, 3);
});

test('after a failure nothing is begun, and what was under way ends first', async () => {
  const failure = new Error('the first');
  const [begun, ended]: [number[], number[]] = [[], []];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    if (item === 0) throw failure;
    await setImmediate();
    ended.push(item);
  };
  await assert.rejects(inLanes(2, ITEMS, work), failure);
  assert.deepEqual([begun, ended], [[0, 1], [1]]);
});
