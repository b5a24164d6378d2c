// Puts together what several packets say of one instance. A responder may answer with the pointer alone, and what is
// missing is asked for.
import type { Claim } from './claims.js';
import type { InstanceName } from './instance-name.js';

/** An instance at the address from which its records came. */
export interface Hint {
  readonly instance: InstanceName;
  readonly port: number;
  readonly ttlMs: number;
}

export interface HalfKnown {
  /** The whole, as soon as port and version are both known; null while one is missing, and for another version. */
  add(source: string, claim: Claim, now: number): Hint | null;
  /** Up to `max` names to ask about; each half comes once. */
  takeMissing(max: number): InstanceName[];
  hasMissing(): boolean;
  readonly size: number;
}

interface Half {
  readonly instance: InstanceName;
  readonly until: number;
  readonly port: number | null;
  readonly isOurVersion: boolean | null;
  readonly ttlMs: number;
}

/** Halves that are kept on one link; the oldest goes first. */
export const MAX_HALVES = 64;
export const HALF_MS = 3000;

export function createHalfKnown(): HalfKnown {
  const halves = new Map<string, Half>();
  const missing = new Set<InstanceName>();

  function keep(key: string, half: Half): void {
    halves.delete(key);
    halves.set(key, half);
    const [oldest] = halves.keys();
    if (halves.size > MAX_HALVES && oldest !== undefined) halves.delete(oldest);
  }

  return {
    add(source, { instance, port, isOurVersion, ttlMs }, now) {
      const key = `${source} ${instance}`;
      const before = halves.get(key);
      const valid = before !== undefined && before.until > now ? before : null;
      const merged: Half = {
        instance,
        until: valid?.until ?? now + HALF_MS,
        port: port ?? valid?.port ?? null,
        isOurVersion: isOurVersion ?? valid?.isOurVersion ?? null,
        ttlMs: Math.min(ttlMs, valid?.ttlMs ?? ttlMs),
      };
      if (merged.port !== null && merged.isOurVersion !== null) {
        halves.delete(key);
        return merged.isOurVersion ? { instance, port: merged.port, ttlMs: merged.ttlMs } : null;
      }
      if (valid === null && missing.size < MAX_HALVES) missing.add(instance);
      keep(key, merged);
      return null;
    },
    takeMissing(max) {
      const names = [...missing].slice(0, max);
      for (const name of names) missing.delete(name);
      return names;
    },
    hasMissing: () => missing.size > 0,
    get size() {
      return halves.size;
    },
  };
}
