// A bounded memory: of what is in it, not of what could be.
import { LRUCache } from 'lru-cache';

/**
 * Keeps the `entries` that were used last. With `max`, lru-cache takes the room for all of them at once: for the largest
 * one here 20 ms of every start.
 */
export const createBounded = <Key extends string, Value extends object | boolean | string>(
  entries: number,
): LRUCache<Key, Value> => new LRUCache<Key, Value>({ maxSize: entries, sizeCalculation: () => 1 });
