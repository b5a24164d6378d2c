// Generated tests: a generator of random choices that a printed seed repeats, and a box of time.
//   FUZZ_SECONDS=600 FUZZ_SEED=1234 npm test     ten minutes for each, from that seed
import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';

export interface Random {
  /** 0 to `below` - 1. */
  int(below: number): number;
  pick<Value>(values: readonly Value[]): Value;
  /** True once in `n`. */
  once(n: number): boolean;
}

/** Mulberry32: small, and the same on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const int = (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  return {
    int,
    pick: (values) => values[int(values.length)] as (typeof values)[number],
    once: (n) => int(n) === 0,
  };
}

export interface Fuzz {
  readonly random: Random;
  /** Whether there is time for one more. */
  readonly hasTime: () => boolean;
}

/** `seconds` is the box in an ordinary run. The seed is told with the test's result. */
export function startFuzz(t: TestContext, seconds: number): Fuzz {
  const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 32));
  const boxMs = Number(process.env['FUZZ_SECONDS'] ?? seconds) * 1000;
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const until = performance.now() + boxMs;
  return { random: createRandom(seed), hasTime: () => performance.now() < until };
}

/** `text` with one or three of its characters replaced, taken out, doubled, or another put before them. */
export function mutate(random: Random, text: string, alphabet: readonly string[]): string {
  let mutant = text;
  for (let left = random.once(3) ? 3 : 1; left > 0; left--) {
    const at = random.int(mutant.length + 1);
    const [head, here, tail] = [mutant.slice(0, at), mutant.slice(at, at + 1), mutant.slice(at + 1)];
    mutant =
      head +
      random.pick([
        random.pick(alphabet) + tail,
        tail,
        here + here + tail,
        random.pick(alphabet) + here + tail,
      ]);
  }
  return mutant;
}
