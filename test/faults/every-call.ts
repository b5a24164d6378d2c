// Runs something again and again, each time with another of its calls failing, until there is none left: in an ordinary run
// as many as a box of time has room for, in an order that the seed gives; with FAULTS_ALL=1 all, with every code.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { KILL, withFailing, type FailingKind } from '../kit/failing.js';
import { startFuzz, type Random } from '../kit/fuzz.js';

/** What disks say, and what networks; and the end without a word. */
const CODES: Record<FailingKind, readonly string[]> = {
  files: ['EIO', 'ENOSPC', 'EMFILE', KILL],
  sockets: ['ECONNRESET'],
};
const BOX_SECONDS = 1.5;
const ALL = process.env['FAULTS_ALL'] === '1';

export interface Tried<Subject, Result> {
  readonly kind: FailingKind;
  /** What is tried, as it is before. */
  readonly make: () => Subject | Promise<Subject>;
  readonly act: (subject: Subject) => Promise<Result>;
  /** Looks at what is there afterwards: `result` is null where `act` was killed. */
  readonly check: (subject: Subject, result: Result | null) => void | Promise<void>;
  /** The next start, with nothing failing: has to come to its end. */
  readonly again: (subject: Subject, result: Result | null) => Promise<void>;
}

/** Fails where `act` has fewer calls than `least`: then it is not what it was written for. */
export async function tryEveryCall<Subject, Result>(
  t: TestContext,
  least: number,
  tried: Tried<Subject, Result>,
): Promise<void> {
  const { calls } = await tryOne(tried, 0, 'EIO');
  assert.ok(calls >= least, `${calls} calls`);
  const { random, hasTime } = startFuzz(t, BOX_SECONDS);
  const cases = shuffled(
    random,
    Array.from({ length: calls }, (_, index) => index + 1).flatMap((at) =>
      (ALL ? CODES[tried.kind] : [random.pick(CODES[tried.kind])]).map((code) => ({ at, code })),
    ),
  );
  let done = 0;
  for (const { at, code } of cases) {
    if (!ALL && !hasTime()) break;
    const { failed } = await tryOne(tried, at, code).catch((error: unknown) => {
      throw new Error(`call ${at} of ${calls}, ${code}: ${String(error)}`, { cause: error });
    });
    if (failed !== null) done += 1;
  }
  assert.ok(done > 0);
  t.diagnostic(`${done} of ${cases.length} calls failed`);
}

async function tryOne<Subject, Result>(
  { kind, make, act, check, again }: Tried<Subject, Result>,
  at: number,
  code: string,
): Promise<{ readonly calls: number; readonly failed: string | null }> {
  const subject = await make();
  const { result, calls, failed } = await withFailing(kind, at, code, () => act(subject));
  await check(subject, result);
  await again(subject, result);
  return { calls, failed };
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const order = [...values];
  for (let index = order.length - 1; index > 0; index--) {
    const other = random.int(index + 1);
    [order[index], order[other]] = [order[other] as Value, order[index] as Value];
  }
  return order;
}
