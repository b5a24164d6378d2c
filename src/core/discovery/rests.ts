// What was tried and must wait: addresses that showed a wrong leaf, and unknown names that were dialled.
import type { InstanceName } from './instance-name.js';

/** An address that showed a wrong leaf is not dialled for that device again until this has passed. */
export const WRONG_LEAF_REST_MS = 60_000;
/** Addresses at rest, on all links; the oldest is forgotten first. */
export const MAX_RESTS = 1024;

export interface Rests {
  add(key: string, now: number): void;
  has(key: string, now: number): boolean;
  /** Who is let in changed: each may be tried again. */
  clear(): void;
  readonly size: number;
}

export function createRests(): Rests {
  const until = new Map<string, number>();
  return {
    add(key, now) {
      until.delete(key);
      until.set(key, now + WRONG_LEAF_REST_MS);
      const [oldest] = until.keys();
      if (until.size > MAX_RESTS && oldest !== undefined) until.delete(oldest);
    },
    has: (key, now) => (until.get(key) ?? 0) > now,
    clear() {
      until.clear();
    },
    get size() {
      return until.size;
    },
  };
}

/** A name that no known device has is dialled at most once in this time. */
export const UNKNOWN_DIAL_MS = 600_000;
/** Unknown names that are dialled in that time, for each link: so that a flood of names is no flood of dialling. */
export const MAX_UNKNOWN_DIALS_A_LINK = 256;

export interface UnknownDials {
  /** Whether this name may be dialled now; it is then taken as dialled. */
  take(instance: InstanceName, zone: string, now: number): boolean;
  readonly size: number;
}

export function createUnknownDials(): UnknownDials {
  const dialled = new Map<InstanceName, { readonly at: number; readonly zone: string }>();

  /** In the order of their times, so that the first that is young ends it. */
  function forgetOld(now: number): void {
    for (const [instance, { at }] of dialled) {
      if (now - at < UNKNOWN_DIAL_MS) return;
      dialled.delete(instance);
    }
  }

  return {
    take(instance, zone, now) {
      forgetOld(now);
      if (dialled.has(instance)) return false;
      const onLink = [...dialled.values()].filter((other) => other.zone === zone).length;
      if (onLink >= MAX_UNKNOWN_DIALS_A_LINK) return false;
      dialled.set(instance, { at: now, zone });
      return true;
    },
    get size() {
      return dialled.size;
    },
  };
}
