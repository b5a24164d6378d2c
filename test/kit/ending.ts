// What a suite has started is ended after it, last things first, however far its start got.
import { after } from 'node:test';

export interface Ending {
  add(end: () => unknown): void;
}

/** For the suite that is being declared. */
export function createEnding(): Ending {
  const ends: (() => unknown)[] = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
  });
  return { add: (end) => void ends.push(end) };
}
