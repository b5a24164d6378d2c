import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProblems } from '../../../dist/core/env/problems.js';
import { createLeafWork } from '../../../dist/core/fetch/leaf-work.js';
import {
  classOf,
  DEFAULT_FETCH_RULES,
  holdOf,
  keepFreeBytes,
  mayAsk,
} from '../../../dist/core/fetch/rules.js';
import { createWanted } from '../../../dist/core/fetch/wanted.js';
import type { BlobId, DeviceId } from '../../../dist/core/ids.js';
import { compilePolicy } from '../../../dist/core/policy/compile.js';

const [A, B] = ['A'.repeat(48) as BlobId, 'B'.repeat(48) as BlobId];
const [ONE, TWO] = ['P'.repeat(48) as DeviceId, 'Q'.repeat(48) as DeviceId];
const GIB = 1024 ** 3;

describe('leaves', () => {
  test('are each given to one source, in the order of the file', () => {
    const work = createLeafWork();
    work.begin(A, [2, 0, 1], [ONE, TWO]);
    assert.deepEqual(work.next(ONE), { id: A, index: 0 });
    assert.deepEqual(work.next(TWO), { id: A, index: 1 });
    assert.deepEqual(work.next(ONE), { id: A, index: 2 });
    assert.equal(work.next(TWO), null);
  });
  test('that failed come first again, for any source that is left', () => {
    const work = createLeafWork();
    work.begin(A, [0, 1], [ONE, TWO]);
    const task = work.next(ONE) ?? assert.fail();
    work.dropSource(ONE);
    work.failed(task);
    assert.equal(work.next(ONE), null);
    assert.deepEqual(work.next(TWO), { id: A, index: 0 });
  });
  test('are over with the last one, whichever that is', () => {
    const work = createLeafWork();
    work.begin(A, [0, 1], [ONE]);
    const [first, second] = [work.next(ONE) ?? assert.fail(), work.next(ONE) ?? assert.fail()];
    assert.equal(work.finished(second), false);
    assert.equal(work.finished(first), true);
    assert.equal(work.next(ONE), null);
  });
  test('of the blob after it come when the first has none left', () => {
    const work = createLeafWork();
    work.begin(A, [0], [ONE]);
    work.begin(B, [0], [ONE]);
    assert.deepEqual([work.next(ONE)?.id, work.next(ONE)?.id], [A, B]);
  });
  test('that nobody is left to ask for are stranded, once nothing is under way', () => {
    const work = createLeafWork();
    work.begin(A, [0, 1], [ONE]);
    const task = work.next(ONE) ?? assert.fail();
    work.dropSource(ONE, A);
    assert.deepEqual(work.takeStranded(), []);
    work.failed(task);
    assert.deepEqual(work.takeStranded(), [A]);
    assert.deepEqual(work.takeStranded(), []);
  });
  test('of a source that comes later are its own, too', () => {
    const work = createLeafWork();
    work.begin(A, [0], [ONE]);
    assert.equal(work.next(TWO), null);
    work.addSource(A, TWO);
    assert.deepEqual(work.next(TWO), { id: A, index: 0 });
  });
});

describe('what is wanted', () => {
  test('is forgotten when no document names it any more', () => {
    const wanted = createWanted();
    wanted.add(A, 'one');
    wanted.add(A, 'two');
    wanted.unname(A, 'one');
    assert.deepEqual([...(wanted.get(A)?.databases ?? [])], ['two']);
    wanted.unname(A, 'two');
    assert.equal(wanted.get(A), null);
  });
  test('is bounded', () => {
    const wanted = createWanted(1);
    assert.equal(wanted.add(A, 'one'), true);
    assert.equal(wanted.add(B, 'one'), false);
    assert.equal(wanted.add(A, 'two'), true);
    wanted.remove(A);
    assert.equal(wanted.add(B, 'one'), true);
  });
});

describe('what is fetched', () => {
  const grant = (name: string, access: 'read' | 'write') => ({ name, access, query: false, design: false });
  const policy = compilePolicy(
    {
      roles: {
        own: {
          databases: [grant('mine', 'write'), grant('ours', 'write')],
          files: 'all',
          credentials: 'own',
        },
        crew: {
          databases: [grant('ours', 'write'), grant('news', 'read')],
          files: 'none',
          credentials: 'crew',
        },
      },
      principals: [
        { issuer: 'user', role: 'own' },
        { issuer: 'grace', role: 'crew' },
      ],
    },
    { cas: null, certs: null, credentials: null },
    createProblems(),
  );
  const crew = policy.roles.get('crew') ?? assert.fail();
  const named = (...databases: string[]) => ({ id: A, databases: new Set(databases), isDemanded: false });
  const rules = { ...DEFAULT_FETCH_RULES, databases: ['mine', 'our*'] };
  const disk = { freeBytes: 100 * GIB, diskBytes: 1000 * GIB, quotaUsedBytes: 0 };

  test('unasked is what a database of own devices names; what others may name counts on a quota', () => {
    assert.equal(classOf(named('mine'), rules, policy), 'unasked');
    assert.equal(classOf(named('ours'), rules, policy), 'quota');
    assert.equal(classOf(named('ours', 'mine'), rules, policy), 'unasked');
    assert.equal(classOf(named('news'), rules, policy), 'on-demand');
    assert.equal(classOf({ ...named('news'), isDemanded: true }, rules, policy), 'unasked');
  });
  test('is asked of a peer only where its role may read a database that names it', () => {
    assert.equal(mayAsk(crew, named('mine')), false);
    assert.equal(mayAsk(crew, named('mine', 'news')), true);
  });
  test('keeps 10 % of a small disk free, 5 GiB of a large one, or what is said', () => {
    assert.equal(keepFreeBytes(rules, 10 * GIB), GIB);
    assert.equal(keepFreeBytes(rules, 1000 * GIB), 5 * GIB);
    assert.equal(keepFreeBytes({ keepFreeBytes: 7 }, GIB), 7);
  });
  test('is held back by size, quota and room, each on its own side of the limit', () => {
    const blob = { size: 10, missingBytes: 10, isDemanded: false, class: 'quota' as const };
    assert.equal(holdOf(blob, { ...rules, maxFileBytes: 9 }, disk), 'too-large');
    assert.equal(holdOf({ ...blob, isDemanded: true }, { ...rules, maxFileBytes: 9 }, disk), null);
    assert.equal(holdOf(blob, { ...rules, quotaBytes: 9 }, disk), 'over-quota');
    assert.equal(holdOf(blob, { ...rules, quotaBytes: 10 }, disk), null);
    assert.equal(holdOf(blob, rules, { ...disk, freeBytes: 5 * GIB + 9 }), 'no-room');
    assert.equal(holdOf(blob, rules, { ...disk, freeBytes: 5 * GIB + 10 }), null);
  });
});
