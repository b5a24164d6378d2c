// The kinds of greedy clients, for the process that they are and for the test that starts it.

/** How many of each kind there are. */
export const GREEDY_COUNTS = {
  halfOpen: 100,
  stranger: 20,
  idle: 60,
  slowHeader: 40,
  slowBody: 20,
  slowReader: 30,
  feed: 100,
} as const;
export type GreedyKind = keyof typeof GREEDY_COUNTS;
