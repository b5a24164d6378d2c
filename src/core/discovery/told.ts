// What the launcher was told of the table, so that what it is told next is the difference. However fast a stranger
// changes the table, what is told stays behind at its own pace, and in the end is right.
import { entryKey, type Seen } from './entry.js';

export interface Difference {
  readonly seen: readonly Seen[];
  readonly lost: readonly Seen[];
  /** Something is left to tell. */
  readonly hasMore: boolean;
}

export interface Told {
  /** At most `max` changes, those of known devices first; they count as told. */
  next(now: readonly Seen[], max: number): Difference;
}

export function createTold(): Told {
  const told = new Map<string, Seen>();
  return {
    next(now, max) {
      const current = new Map(now.map((seen) => [entryKey(seen), seen]));
      const lost = [...told].filter(([key]) => !current.has(key));
      const seen = [...current].filter(([key, { deviceId }]) => told.get(key)?.deviceId !== deviceId);
      const changes = [...lost, ...seen].sort(([, a], [, b]) => rank(a) - rank(b));
      const taken = changes.slice(0, max);
      const difference = { seen: [] as Seen[], lost: [] as Seen[], hasMore: changes.length > max };
      for (const [key, change] of taken) {
        const isSeen = current.has(key);
        difference[isSeen ? 'seen' : 'lost'].push(change);
        if (isSeen) told.set(key, { ...change });
        else told.delete(key);
      }
      return difference;
    },
  };
}

const rank = ({ deviceId }: Seen): number => (deviceId === null ? 1 : 0);
